#include "server/service/slow_log.h"

#include <set>
#include <thread>

#include "server/process/log.h"
#include "server/service/method_table.h"
#include "server/service/pipeline_stream.h"
#include "server/service/scan_stream.h"
#include "server/service/write_stream.h"
#include "tests/server/service/pipeline_calls.h"
#include "tests/support/services_fixture.h"
#include "tests/support/services_fixture_stream.h"

namespace flashkv::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::uint64_t> ids(const SlowLog::Latest& latest) {
  std::vector<std::uint64_t> all;
  for (const SlowRequest& each : latest.requests) all.push_back(each.id);
  return all;
}

TEST(SlowLog, KeepsTheLatestOfAllThreadsLatestFirst) {
  SlowLog log(0, 3);
  SlowLog::Ring& one = log.open();
  SlowLog::Ring& other = log.open();
  EXPECT_THAT(ids(log.read(0, false)), ElementsAre());
  one.add({});
  one.add({});
  EXPECT_THAT(ids(log.read(0, false)), ElementsAre(2, 1)) << "not full yet";
  for (int i = 0; i < 4; ++i) one.add({});
  other.add({});
  one.add({});
  EXPECT_THAT(ids(log.read(0, false)), ElementsAre(8, 7, 6));
  EXPECT_THAT(ids(log.read(2, false)), ElementsAre(8, 7));
  EXPECT_THAT(ids(log.read(100, false)), ElementsAre(8, 7, 6));
  EXPECT_EQ(log.read(1, false).total, 8U);
}

TEST(SlowLog, AResetForgetsAllButNotTheNumbers) {
  SlowLog log(0, 3);
  SlowLog::Ring& ring = log.open();
  for (int i = 0; i < 5; ++i) ring.add({});
  EXPECT_THAT(ids(log.read(1, true)), ElementsAre(5)) << "answered before they are forgotten";
  EXPECT_THAT(ids(log.read(0, false)), ElementsAre());
  EXPECT_EQ(log.total(), 5U);
  ring.add({});
  EXPECT_THAT(ids(log.read(0, false)), ElementsAre(6));
  for (int i = 0; i < 3; ++i) ring.add({});
  EXPECT_THAT(ids(log.read(0, false)), ElementsAre(9, 8, 7));
}

TEST(SlowLog, WithoutRoomItOnlyCounts) {
  SlowLog log(0, 0);
  SlowLog::Ring& ring = log.open();
  for (int i = 0; i < 5; ++i) ring.add({});
  EXPECT_THAT(ids(log.read(0, true)), ElementsAre());
  EXPECT_EQ(log.total(), 5U);
}

TEST(SlowLog, ReadersNeverSeeAnEntryTwiceWhileAllThreadsAdd) {
  constexpr std::uint64_t kEach = 5'000;
  SlowLog log(0, 64);
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&ring = log.open()] {
      for (std::uint64_t i = 0; i < kEach; ++i) ring.add({.took = 7, .request_bytes = i});
    });
  }
  std::set<std::uint64_t> seen;
  for (bool last = false; !last;) {
    last = log.total() == 3 * kEach;
    if (last) {
      for (std::thread& each : threads) each.join();
    }
    const SlowLog::Latest latest = log.read(0, true);
    EXPECT_LE(latest.requests.size(), 64U);
    for (const SlowRequest& each : latest.requests) {
      EXPECT_TRUE(seen.insert(each.id).second) << each.id;
      EXPECT_EQ(each.took, 7);
    }
  }
  EXPECT_EQ(log.total(), 3 * kEach);
  EXPECT_EQ(log.read(0, false).requests.size(), 0U);
}

class SlowLogTest : public ServicesTest {
 protected:
  SlowLogTest() { open({}); }
  ~SlowLogTest() override {
    store->stop(0);
    stream.reset();
  }
  // Reopens the services with this threshold.
  void threshold(Nanos least) {
    limits.slow_log_threshold = least;
    open({});
  }
  template <typename Handler>
  void begin() {
    stream = std::make_unique<FakeStream>(*session, desk);
    stream->open(std::make_unique<Handler>(*stream));
  }
  // By the method's row, from bytes alone.
  template <typename Reply>
  Status ask(std::string_view method, const google::protobuf::MessageLite& request, Reply& reply) {
    const auto state = method_table()[method_id(method)].make_unary();
    std::string bytes;
    Status status = call(*state, request, bytes);
    EXPECT_TRUE(reply.ParseFromString(bytes));
    return status;
  }
  v1::SlowLogResponse slow_log(std::uint64_t limit = 0, bool reset = false) {
    v1::SlowLogRequest request;
    request.set_limit(limit);
    request.set_reset(reset);
    v1::SlowLogResponse reply;
    EXPECT_TRUE(ask("SlowLog", request, reply).ok());
    return reply;
  }

  std::unique_ptr<FakeStream> stream;
};

TEST_F(SlowLogTest, ARequestIsSlowFromTheThresholdOn) {
  for (const Nanos took : {10 * kNanosPerMilli - 1, 10 * kNanosPerMilli, 11 * kNanosPerMilli}) {
    const Answered request{.method = method_id("Get"),
                           .came = session->meter().now(),
                           .request_bytes = 12,
                           .reply_bytes = 34,
                           .code = Code::kInvalidArgument};
    clock.advance(took);
    session->meter().answered(request);
  }
  const v1::SlowLogResponse log = slow_log();
  EXPECT_EQ(log.threshold_us(), 10'000U);
  EXPECT_EQ(log.total(), 2U);
  EXPECT_EQ(log.header().store_id(), store->store_id());
  ASSERT_EQ(log.entries_size(), 2);
  const v1::SlowLogEntry& latest = log.entries(0);
  EXPECT_EQ(latest.id(), 2U);
  EXPECT_EQ(latest.method(), "Get");
  EXPECT_EQ(latest.at_ms(), clock.now_ms() - 11);
  EXPECT_EQ(latest.duration_us(), 11'000U);
  EXPECT_EQ(latest.code(), 3);
  EXPECT_EQ(latest.request_bytes(), 12U);
  EXPECT_EQ(latest.reply_bytes(), 34U);
  EXPECT_EQ(log.entries(1).duration_us(), 10'000U);
  v1::StatsResponse stats;
  ASSERT_TRUE(admin->stats(stats).ok());
  EXPECT_EQ(stats.slow_requests(), 2U);
}

TEST_F(SlowLogTest, ItsRowTakesALimitAndAReset) {
  threshold(0);
  for (int i = 0; i < 4; ++i) session->meter().answered({.method = method_id("Get"), .came = clock.now()});
  EXPECT_EQ(slow_log(2).entries_size(), 2);
  EXPECT_EQ(slow_log(1, true).entries(0).id(), 4U);
  EXPECT_EQ(slow_log().entries_size(), 0);
  EXPECT_EQ(slow_log().total(), 4U);
}

TEST_F(SlowLogTest, TheCallsOfAPipelineAreKeptOneByOne) {
  threshold(1 * kNanosPerMilli);
  begin<PipelineStream>();
  const Calls calls = Calls().get("a").put("a", std::string(1'000, 'v'), true).put("");
  stream->send(calls.message());
  stream->run();
  EXPECT_EQ(slow_log().entries_size(), 0) << "the read was quick, and the empty key refused at once";
  clock.advance(3 * kNanosPerMilli);
  run_writer();
  stream->run();
  const v1::SlowLogResponse log = slow_log();
  ASSERT_EQ(log.entries_size(), 1);
  EXPECT_EQ(log.entries(0).method(), "Put");
  EXPECT_EQ(log.entries(0).duration_us(), 3'000U);
  EXPECT_EQ(log.entries(0).code(), 0);
  EXPECT_EQ(log.entries(0).request_bytes(), calls.message().calls(1).ByteSizeLong());
  std::size_t reply_bytes = 0;
  for (const auto& reply : stream->replies<v1::PipelineResponse>()) {
    for (const v1::Answer& answer : reply.answers()) {
      if (answer.id() == 2) reply_bytes = answer.ByteSizeLong();
    }
  }
  EXPECT_EQ(log.entries(0).reply_bytes(), reply_bytes);
}

TEST_F(SlowLogTest, EveryCallOfALongPipelineMessageIsKept) {
  threshold(0);
  begin<PipelineStream>();
  Calls calls;
  for (int i = 0; i < 70; ++i) calls.get("key");
  calls.add();
  stream->send(calls.message());
  stream->run();
  const v1::SlowLogResponse log = slow_log();
  ASSERT_EQ(log.entries_size(), 71);
  EXPECT_EQ(log.entries(0).method(), "Pipeline") << "the call without a method";
  EXPECT_EQ(log.entries(0).code(), 3);
  for (int i = 1; i <= 70; ++i) {
    EXPECT_EQ(log.entries(i).method(), "Get");
    EXPECT_EQ(log.entries(i).request_bytes(), calls.message().calls(70 - i).ByteSizeLong());
  }
}

TEST_F(SlowLogTest, AWriteAndAScanTellTheirSizes) {
  threshold(0);
  begin<WriteStream>();
  v1::WriteRequest write;
  write.add_ops()->mutable_put()->set_key("k");
  write.mutable_ops(0)->mutable_put()->set_value("secret");
  stream->send(write);
  stream->run();
  run_writer();
  stream->run();
  const std::size_t written = stream->taken().at(0).size();
  store->step();
  begin<ScanStream>();
  const v1::ScanRequest scan;
  stream->send(scan);
  stream->end_side();
  stream->run();
  run_writer();
  stream->run();
  ASSERT_TRUE(stream->ended);
  const v1::SlowLogResponse log = slow_log();
  ASSERT_EQ(log.entries_size(), 2);
  EXPECT_EQ(log.entries(0).method(), "Scan");
  EXPECT_EQ(log.entries(0).request_bytes(), scan.ByteSizeLong());
  EXPECT_EQ(log.entries(0).reply_bytes(), stream->taken().at(0).size());
  EXPECT_EQ(log.entries(1).method(), "Write");
  EXPECT_EQ(log.entries(1).request_bytes(), write.ByteSizeLong());
  EXPECT_EQ(log.entries(1).reply_bytes(), written);
  EXPECT_EQ(log.SerializeAsString().find("secret"), std::string::npos);
}

class LogLevelTest : public SlowLogTest {
 protected:
  LogLevelTest() { log::start(log::Level::kInfo, log::Format::kText); }
  ~LogLevelTest() override { log::set_level(log::Level::kOff); }

  // Sets the level; returns the previous one. `lines` gets what was logged.
  std::string set(const std::string& level) {
    v1::SetLogLevelRequest request;
    request.set_level(level);
    v1::SetLogLevelResponse reply;
    testing::internal::CaptureStderr();
    const Status status = ask("SetLogLevel", request, reply);
    lines = testing::internal::GetCapturedStderr();
    EXPECT_TRUE(status.ok()) << status.message;
    EXPECT_EQ(reply.header().store_id(), store->store_id());
    return reply.previous();
  }

  std::string lines;
};

TEST_F(LogLevelTest, TakesEffectAtOnceAndTellsThePreviousOne) {
  EXPECT_EQ(set("error"), "info");
  EXPECT_EQ(log::level(), log::Level::kError);
  EXPECT_THAT(lines, HasSubstr("info log level changed from=info to=error\n"));
  EXPECT_EQ(set("off"), "error");
  EXPECT_THAT(lines, HasSubstr("info log level changed from=error to=off\n")) << "confirmed even then";
  EXPECT_EQ(log::level(), log::Level::kOff);
  EXPECT_EQ(set("debug"), "off");
  EXPECT_EQ(log::level(), log::Level::kDebug);
  EXPECT_EQ(set("debug"), "debug");
  EXPECT_EQ(lines, "") << "nothing changed";
}

TEST_F(LogLevelTest, AnUnknownWordNamesThoseAllowed) {
  for (const char* word : {"", "loud", "INFO", "warn"}) {
    v1::SetLogLevelRequest request;
    request.set_level(word);
    v1::SetLogLevelResponse reply;
    const Status status = admin->set_log_level(request, reply);
    EXPECT_EQ(status.code, Code::kInvalidArgument);
    EXPECT_THAT(status.message, HasSubstr("level: unknown; allowed: debug, info, warning, error or off"));
    EXPECT_EQ(log::level(), log::Level::kInfo);
  }
}

}  // namespace
}  // namespace flashkv::test
