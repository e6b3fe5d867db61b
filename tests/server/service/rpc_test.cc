// The methods as clients see them: scripts of requests and replies, run through the method table.
//
// A script is a text file; everything is protobuf's text format:
//     Put { key: "a" value: "1" }
//     -> { header { revision: 1 } succeeded: true }      the whole reply; store_id is left out
//     Increment { key: "b" delta: 1 }
//     ! FAILED_PRECONDITION value: not a decimal         the status, and a part of its message
//     sleep 100                                          the clock moves on by milliseconds
//     open engine=critnib ordered-index=off              an empty store with these options
// A streaming method takes one request; each -> is a message, and a last ! the status the stream ends with.
// A request goes to the line that begins with -> or !, an expectation to the next empty line.
#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <google/protobuf/text_format.h>
#include <google/protobuf/util/message_differencer.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "server/service/method_table.h"
#include "tests/support/services_fixture.h"
#include "tests/support/services_fixture_stream.h"

namespace flashkv::test {
namespace {

namespace pb = google::protobuf;
using testing::HasSubstr;

struct Step {
  int line = 0;
  std::string method, request;
  char kind = ' ';  // '>' a reply, '!' a status, 's' sleep, 'o' open
  std::string expected;
  std::vector<std::string> messages;  // '>': all of them
};

std::string first_word(std::string& text) {
  const std::size_t end = std::min(text.find_first_of(" {"), text.size());
  const std::string word = text.substr(0, end);
  text.erase(0, text.find_first_not_of(' ', end));
  return word;
}

std::vector<Step> read_script(const std::string& path) {
  std::ifstream file(path);
  std::vector<Step> steps;
  bool inside = false;
  int number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    if (line.starts_with("#")) continue;
    if (line.empty()) {
      inside = false;
    } else if (line.starts_with("sleep ")) {
      steps.push_back({number, "", "", 's', line.substr(6), {}});
    } else if (line.starts_with("open")) {
      steps.push_back({number, "", "", 'o', line.substr(std::min<std::size_t>(5, line.size())), {}});
    } else if (!inside) {
      inside = true;
      Step step{.line = number, .method = first_word(line), .request = line, .expected = "", .messages = {}};
      steps.push_back(step);
    } else if (line.starts_with("!")) {
      steps.back().kind = '!';
      steps.back().expected = line.substr(2);
    } else if (line.starts_with("->")) {
      steps.back().kind = '>';
      steps.back().messages.push_back(line.substr(2));
    } else {
      Step& last = steps.back();
      (last.messages.empty() ? last.request : last.messages.back()) += "\n" + line;
    }
  }
  return steps;
}

// "{ ... }" without its braces.
std::string inner(std::string text) {
  text.erase(0, text.find('{') + 1);
  text.erase(text.rfind('}'));
  return text;
}

const char* code_name(Code code) {
  static constexpr const char* kNames[] = {
      "OK",        "CANCELLED",      "UNKNOWN",           "INVALID_ARGUMENT",   "DEADLINE_EXCEEDED",
      "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
      "ABORTED",   "OUT_OF_RANGE",   "UNIMPLEMENTED",     "INTERNAL",           "UNAVAILABLE",
      "DATA_LOSS", "UNAUTHENTICATED"};
  return kNames[static_cast<std::size_t>(code)];
}

class RpcTest : public ServicesTest, public testing::WithParamInterface<std::string> {
 protected:
  using Message = std::unique_ptr<pb::Message>;

  static Message parse(const pb::Descriptor& type, const std::string& text) {
    Message message(pb::MessageFactory::generated_factory()->GetPrototype(&type)->New());
    EXPECT_TRUE(pb::TextFormat::ParseFromString(text, message.get())) << text;
    return message;
  }

  void run(const Step& step) {
    const MethodId id = method_id(step.method);
    ASSERT_NE(id, kUnserved) << step.method;
    const MethodRow& row = method_table()[id];
    std::string full(row.name.substr(1));
    full[full.find('/')] = '.';
    const pb::MethodDescriptor& method = *pb::DescriptorPool::generated_pool()->FindMethodByName(full);
    const Message request = parse(*method.input_type(), inner(step.request));
    std::vector<std::string> replies;
    const Status status =
        row.make_unary != nullptr ? answer(step, row, *request, replies) : stream(row, *request, replies);
    expect_status(step, status);
    ASSERT_EQ(replies.size(), step.messages.size());
    for (std::size_t i = 0; i < replies.size(); ++i) {
      const Message reply = parse(*method.output_type(), "");
      EXPECT_TRUE(reply->ParseFromString(replies[i]));
      forget_store(*reply);
      const Message wanted = parse(*method.output_type(), inner(step.messages[i]));
      EXPECT_TRUE(pb::util::MessageDifferencer::Equals(*wanted, *reply))
          << "wanted " << wanted->ShortDebugString() << "\n   got " << reply->ShortDebugString();
    }
  }
  void reopen(std::string words) {
    StoreOptions options;
    for (std::string word = first_word(words); !word.empty(); word = first_word(words)) {
      const std::string value = word.substr(word.find('=') + 1);
      if (word.starts_with("engine=")) options.engine = value;
      if (word.starts_with("ordered-index=")) options.ordered_index = value == "on";
    }
    open(options);
  }

 private:
  static void expect_status(const Step& step, const Status& status) {
    std::string says = step.kind == '!' ? step.expected : "OK";
    EXPECT_EQ(code_name(status.code), first_word(says)) << status.message;
    EXPECT_THAT(status.message, HasSubstr(says));
  }
  Status answer(const Step& step, const MethodRow& row, const pb::Message& request,
                std::vector<std::string>& replies) {
    // One state for each method, so that each reply overwrites the one before.
    std::unique_ptr<UnaryState>& state = states_[step.method];
    if (state == nullptr) state = row.make_unary();
    std::string bytes;
    Status status = call(*state, request, bytes);
    state->recycle();
    if (status.ok()) replies.push_back(bytes);
    return status;
  }
  Status stream(const MethodRow& row, const pb::Message& request, std::vector<std::string>& replies) {
    FakeStream stream(*session, desk);
    stream.open(row.make_stream(stream));
    stream.send(request);
    stream.end_side();
    for (int i = 0; i < 4 && !stream.ended; ++i) {
      stream.run();
      run_writer();
    }
    replies = stream.taken();
    run_writer();
    return stream.ended.value_or(Status{Code::kInternal, "the stream has not ended"});
  }
  // Drawn anew in each run.
  void forget_store(pb::Message& reply) {
    const auto* header = reply.GetDescriptor()->FindFieldByName("header");
    if (header == nullptr) return;
    auto* fields = reply.GetReflection()->MutableMessage(&reply, header);
    EXPECT_EQ(static_cast<v1::ResponseHeader&>(*fields).store_id(), store->store_id());
    static_cast<v1::ResponseHeader&>(*fields).clear_store_id();
  }

  std::map<std::string, std::unique_ptr<UnaryState>> states_;
};

TEST_P(RpcTest, AnswersAsWritten) {
  const std::vector<Step> steps = read_script(RPC_SCRIPTS + ("/" + GetParam()) + ".txt");
  ASSERT_FALSE(steps.empty());
  for (const Step& step : steps) {
    SCOPED_TRACE(GetParam() + ".txt:" + std::to_string(step.line) + ": " + step.method + " " + step.request);
    if (step.kind == 's') {
      clock.advance(std::stoll(step.expected) * kMs);
      continue;
    }
    if (step.kind == 'o') {
      reopen(step.expected);
      continue;
    }
    ASSERT_NE(step.kind, ' ') << "no expectation";
    run(step);
  }
}

std::vector<std::string> scripts() {
  std::vector<std::string> names;
  for (const auto& file : std::filesystem::directory_iterator(RPC_SCRIPTS))
    names.push_back(file.path().stem());
  std::sort(names.begin(), names.end());
  return names;
}

INSTANTIATE_TEST_SUITE_P(Scripts, RpcTest, testing::ValuesIn(scripts()),
                         [](const auto& script) { return script.param; });

}  // namespace
}  // namespace flashkv::test
