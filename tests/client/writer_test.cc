#include "client/flashkv/writer.h"

#include <gtest/gtest.h>

#include <numeric>
#include <thread>

#include "tests/client/scripted_server.h"

namespace flashkv::client {
namespace {

std::string key(std::uint64_t number) {
  std::string text = std::to_string(number);
  text.insert(text.begin(), 'k');
  return text;
}

class WriterTest : public testing::Test {
 protected:
  void start(Script script) {
    server_ = std::make_unique<ScriptedServer>(std::move(script));
    client_.emplace(std::move(*Client::open({.endpoint = server_->endpoint(), .timeout = timeout_})));
  }
  std::chrono::milliseconds timeout_ = std::chrono::seconds(20);  // only so that a hang fails
  std::unique_ptr<ScriptedServer> server_;
  std::optional<Client> client_;
};

TEST_F(WriterTest, EverythingPutIsAcknowledgedOnceAndStoredInOrder) {
  start({});
  Writer writer(*client_, {.ops_per_request = 7, .window = 3});
  for (std::uint64_t i = 0; i < 1000; ++i) ASSERT_TRUE(writer.put(key(i % 10), std::to_string(i)));
  EXPECT_FALSE(writer.close());
  EXPECT_EQ(writer.acknowledged(), 1000U);
  EXPECT_EQ(writer.last_revision(), (1000 + 6) / 7U);
  const auto log = server_->puts_in_order();
  ASSERT_EQ(log.size(), 1000U);
  for (std::uint64_t i = 0; i < 1000; ++i)
    ASSERT_EQ(log[i], key(i % 10).append("=").append(std::to_string(i)));
}

TEST_F(WriterTest, ClosingAnEmptyWriterIsFine) {
  start({});
  Writer writer(*client_, {});
  EXPECT_FALSE(writer.close());
  EXPECT_EQ(writer.acknowledged(), 0U);
}

TEST_F(WriterTest, AfterCloseNothingMoreIsTakenAndClosingAgainSaysTheSame) {
  start({});
  Writer writer(*client_, {.ops_per_request = 2});
  for (std::uint64_t i = 0; i < 3; ++i) ASSERT_TRUE(writer.put(key(i), "v"));
  EXPECT_FALSE(writer.close());
  EXPECT_FALSE(writer.close());
  EXPECT_FALSE(writer.put("late", "v"));
  EXPECT_FALSE(writer.close());
  EXPECT_EQ(writer.acknowledged(), 3U);
  EXPECT_EQ(server_->puts_in_order().size(), 3U);
}

TEST_F(WriterTest, ARequestIsSentWhenItsBytesAreMany) {
  start({});
  Writer writer(*client_, {.ops_per_request = 10'000, .bytes_per_request = 1000});
  const std::string value(600, 'v');
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(writer.put("k", value));
  EXPECT_FALSE(writer.close());
  EXPECT_EQ(writer.last_revision(), 2U);
}

// Puts 0..99 in requests of five, handles rejections as a caller would, and returns the rejected tags.
std::vector<std::uint64_t> put_hundred(Writer& writer) {
  std::vector<std::uint64_t> rejected;
  std::function<void(const std::string&, const std::string&, std::uint64_t)> put =
      [&](const std::string& key, const std::string& value, std::uint64_t tag) {
        while (!writer.put(key, value, 0, tag)) {
          auto rejection = writer.take_rejection();
          ASSERT_TRUE(rejection) << writer.error()->message;
          EXPECT_EQ(rejection->error.message, "key: refused by the script");
          EXPECT_TRUE(rejection->error.certainly_not_applied);
          for (const auto& item : rejection->items) rejected.push_back(item.tag);
          for (const auto& item : rejection->later) put(item.key, item.value, item.tag);
        }
      };
  for (std::uint64_t i = 0; i < 100; ++i) put(key(i), std::to_string(i), i);
  while (!writer.drain()) {
    auto rejection = writer.take_rejection();
    if (!rejection) break;
    for (const auto& item : rejection->items) rejected.push_back(item.tag);
    for (const auto& item : rejection->later) put(item.key, item.value, item.tag);
  }
  return rejected;
}

class WriterRejection : public WriterTest, public testing::WithParamInterface<const char*> {};

TEST_P(WriterRejection, HandsBackTheRequestAndLosesNothingElse) {
  start({.refused_key = GetParam()});
  Writer writer(*client_, {.ops_per_request = 5, .window = 4});
  const std::vector<std::uint64_t> rejected = put_hundred(writer);
  EXPECT_FALSE(writer.close());
  const std::uint64_t first = std::stoull(std::string(GetParam()).substr(1)) / 5 * 5;
  EXPECT_EQ(rejected, (std::vector<std::uint64_t>{first, first + 1, first + 2, first + 3, first + 4}));
  EXPECT_EQ(writer.acknowledged(), 95U);
  const auto stored = server_->stored();
  for (std::uint64_t i = 0; i < 100; ++i)
    EXPECT_EQ(stored.contains(key(i)), i < first || i >= first + 5) << i;
}

INSTANTIATE_TEST_SUITE_P(AtTheStartMiddleAndEnd, WriterRejection, testing::Values("k0", "k47", "k99"));

TEST_F(WriterTest, ClosingSaysOfARejectionThatNobodyTook) {
  start({.refused_key = "k0"});
  Writer writer(*client_, {});
  ASSERT_TRUE(writer.put("k0", "v"));
  const auto failed = writer.close();
  ASSERT_TRUE(failed);
  EXPECT_EQ(failed->message, "key: refused by the script");
}

TEST_F(WriterTest, HasAtMostWindowRequestsUnanswered) {
  timeout_ = std::chrono::seconds(2);
  start({.silent_after = 0});
  Writer writer(*client_, {.ops_per_request = 1, .window = 4});
  for (std::uint64_t i = 0; i < 50 && writer.put(key(i), "v"); ++i) {
  }
  ASSERT_TRUE(writer.close());
  EXPECT_EQ(server_->write_requests(), 4U);
}

std::vector<std::uint64_t> tags_of(const std::vector<Writer::Item>& items) {
  std::vector<std::uint64_t> tags;
  for (const Writer::Item& item : items) {
    EXPECT_EQ(item.key, key(item.tag));
    EXPECT_EQ(item.value, std::to_string(item.tag));
    tags.push_back(item.tag);
  }
  return tags;
}

// The server reads a whole window before it rejects the first request: every slot is taken by then.
TEST_F(WriterTest, KeepsEverythingSentAfterARejectedRequestUntilItIsHandedBack) {
  constexpr std::uint64_t kWindow = 3;
  start({.refused_key = "k0", .read_ahead = kWindow});
  Writer writer(*client_, {.ops_per_request = 2, .window = kWindow});
  std::uint64_t taken = 0;
  while (taken < 50 && writer.put(key(taken), std::to_string(taken), 0, taken)) ++taken;
  ASSERT_GE(taken, 2 * kWindow);
  ASSERT_LT(taken, 50U);
  const auto rejection = writer.take_rejection();
  ASSERT_TRUE(rejection);
  EXPECT_EQ(tags_of(rejection->items), (std::vector<std::uint64_t>{0, 1}));
  std::vector<std::uint64_t> after(taken - 2);
  std::iota(after.begin(), after.end(), 2);
  EXPECT_EQ(tags_of(rejection->later), after);
  for (const Writer::Item& item : rejection->later)
    ASSERT_TRUE(writer.put(item.key, item.value, 0, item.tag));
  EXPECT_FALSE(writer.close());
  EXPECT_EQ(writer.acknowledged(), taken - 2);
}

TEST_F(WriterTest, AServerThatDiesLeavesTheCountOfWhatItAcknowledged) {
  start({.die_after_answers = 3});
  Writer writer(*client_, {.ops_per_request = 10, .window = 2});
  std::uint64_t taken = 0;
  while (taken < 1000 && writer.put(key(taken), "v")) ++taken;
  EXPECT_LT(taken, 1000U);
  const auto failed = writer.close();
  ASSERT_TRUE(failed);
  EXPECT_EQ(failed->code, Errc::kUnavailable);
  EXPECT_EQ(failed->message, "died as scripted");
  EXPECT_EQ(writer.acknowledged(), 30U);
  EXPECT_EQ(server_->stored().size(), 30U);
  EXPECT_FALSE(writer.put("more", "v"));
}

TEST_F(WriterTest, AnswersThatAreNotDueBreakTheStream) {
  start({.swap_answers = true});
  Writer writer(*client_, {.ops_per_request = 1, .window = 1});
  for (int i = 0; i < 10 && writer.put("k", "v"); ++i) {
  }
  const auto failed = writer.close();
  ASSERT_TRUE(failed);
  EXPECT_EQ(failed->code, Errc::kInternal);
  EXPECT_EQ(writer.acknowledged(), 0U);
}

class WriterToAStalledServer : public WriterTest, public testing::WithParamInterface<Script> {};

TEST_P(WriterToAStalledServer, GivesUpAfterTheClientsTimeout) {
  timeout_ = std::chrono::seconds(2);
  start(GetParam());
  Writer writer(*client_, {.ops_per_request = 1, .window = 100});
  const std::string value(100'000, 'v');  // in all more than is read ahead: writes block
  for (int i = 0; i < 1000 && writer.put("k", value); ++i) {
  }
  const auto failed = writer.close();
  ASSERT_TRUE(failed);
  EXPECT_EQ(failed->code, Errc::kDeadlineExceeded);
  EXPECT_EQ(writer.acknowledged(), 3U);
}

INSTANTIATE_TEST_SUITE_P(SilentAndDeaf, WriterToAStalledServer,
                         testing::Values(Script{.silent_after = 3}, Script{.deaf_after = 3}),
                         [](const auto& test) { return test.index == 0 ? "Silent" : "Deaf"; });

TEST_F(WriterTest, TheTimeoutCountsFromTheRequestNotFromTheAnswerBefore) {
  timeout_ = std::chrono::seconds(2);
  start({.answer_delay = timeout_ / 3});
  Writer writer(*client_, {});
  ASSERT_TRUE(writer.put("k", "v"));
  ASSERT_TRUE(writer.drain());
  std::this_thread::sleep_for(timeout_ + timeout_ / 4);
  ASSERT_TRUE(writer.put("k", "w"));
  EXPECT_TRUE(writer.drain()) << writer.error()->message;
  EXPECT_FALSE(writer.close());
}

TEST_F(WriterTest, AWriterThatIsDroppedDoesNotWaitForASilentServer) {
  start({.silent_after = 0});
  Writer writer(*client_, {.ops_per_request = 1, .window = 100});
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(writer.put("k", "v"));
}

}  // namespace
}  // namespace flashkv::client
