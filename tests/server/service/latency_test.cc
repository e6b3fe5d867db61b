#include "server/service/latency.h"

#include "server/service/method_table.h"
#include "server/service/pipeline_stream.h"
#include "server/service/scan_stream.h"
#include "server/service/write_stream.h"
#include "tests/server/service/pipeline_calls.h"
#include "tests/support/services_fixture.h"
#include "tests/support/services_fixture_stream.h"

namespace flashkv::test {
namespace {

constexpr std::uint64_t kMs = 1'000;  // microseconds

TEST(LatencyBucket, EndsBelowAPowerOfTwoMicroseconds) {
  const std::vector<std::pair<std::uint64_t, std::size_t>> cases{{0, 0},
                                                                 {1, 1},
                                                                 {2, 2},
                                                                 {3, 2},
                                                                 {4, 3},
                                                                 {7, 3},
                                                                 {8, 4},
                                                                 {1023, 10},
                                                                 {1024, 11},
                                                                 {(std::uint64_t{1} << 30) - 1, 30},
                                                                 {std::uint64_t{1} << 30, 31},
                                                                 {~std::uint64_t{0}, 31}};
  for (const auto& [us, bucket] : cases) EXPECT_EQ(latency_bucket(us), bucket) << us << " us";
}

TEST(LatencyCounters, AddUpOverThreads) {
  LatencyCounters one;
  LatencyCounters other;
  one.add(0, 1'500);
  one.add(0, 999);
  other.add(0, 7'000'000);
  other.add(3, 2'000);
  MethodLatencies sum{};
  one.add_to(sum);
  other.add_to(sum);
  EXPECT_EQ(sum[0].total_ns, 7'002'499U);
  EXPECT_EQ(sum[0].max_ns, 7'000'000U);
  EXPECT_EQ(sum[0].buckets[0], 1U);
  EXPECT_EQ(sum[0].buckets[1], 1U);
  EXPECT_EQ(sum[0].buckets[13], 1U);
  EXPECT_EQ(sum[3].buckets[2], 1U);
}

class LatencyTest : public ServicesTest {
 protected:
  ~LatencyTest() override {
    store->stop(0);
    stream.reset();
  }
  template <typename Handler>
  void begin() {
    stream = std::make_unique<FakeStream>(*session, desk);
    stream->open(std::make_unique<Handler>(*stream));
  }
  // What Stats tells of a method; zeros if nothing.
  v1::MethodLatency latency(std::string_view method) {
    v1::StatsResponse reply;
    EXPECT_TRUE(admin->stats(reply).ok());
    EXPECT_TRUE(admin->stats(reply).ok()) << "a recycled reply";
    v1::MethodLatency found;
    for (const v1::MethodLatency& each : reply.latencies()) {
      if (each.method() == method) found = each;
    }
    return found;
  }
  // That all `count` requests of the method took `us` microseconds.
  void expect(std::string_view method, std::uint64_t count, std::uint64_t us) {
    const v1::MethodLatency of = latency(method);
    EXPECT_EQ(of.count(), count) << method;
    EXPECT_EQ(of.total_us(), count * us) << method;
    EXPECT_EQ(of.max_us(), us) << method;
    ASSERT_EQ(of.buckets_size(), static_cast<int>(kLatencyBuckets)) << method;
    EXPECT_EQ(of.buckets(static_cast<int>(latency_bucket(us))), count) << method;
  }

  std::unique_ptr<FakeStream> stream;
};

TEST_F(LatencyTest, AMethodWithoutRequestsIsNotListed) {
  v1::StatsResponse reply;
  ASSERT_TRUE(admin->stats(reply).ok());
  EXPECT_EQ(reply.latencies_size(), 0);
}

TEST_F(LatencyTest, AllThreadsCount) {
  Session other(Services{*store, *kv, *admin, health, clock});
  for (Session* each : {session.get(), &other}) {
    const Answered request{.method = method_id("Get"), .came = each->meter().now()};
    clock.advance(2 * kNanosPerMilli);
    each->meter().answered(request);
  }
  expect("Get", 2, 2 * kMs);
}

TEST_F(LatencyTest, AnEarlierTimeCountsAsNone) {
  session->meter().answered({.method = method_id("Get"), .came = clock.now() + 1});
  expect("Get", 1, 0);
}

TEST_F(LatencyTest, TheCallsOfAPipelineCountUnderTheirMethods) {
  begin<PipelineStream>();
  stream->send(Calls().get("a").put("a").get("b").message());
  stream->run();
  clock.advance(3 * kNanosPerMilli);
  run_writer();
  stream->run();
  expect("Get", 2, 0);
  expect("Put", 1, 3 * kMs);
  EXPECT_EQ(latency("Pipeline").count(), 0U);
}

TEST_F(LatencyTest, EveryCallOfALongPipelineMessageCounts) {
  begin<PipelineStream>();
  Calls calls;
  for (int i = 0; i < 100; ++i) calls.get("k");
  calls.add();
  stream->send(calls.message());
  stream->run();
  expect("Get", 100, 0);
  expect("Pipeline", 1, 0);  // the call without a method
}

TEST_F(LatencyTest, ACallThatWaitsForRoomInTheQueueIsTimedFromItsMessage) {
  StoreOptions narrow;
  narrow.limits.max_queue_requests = 1;
  open(narrow);
  begin<PipelineStream>();
  stream->send(Calls().put("a").put("b").message());
  stream->run();
  ASSERT_TRUE(stream->timer);
  clock.advance(5 * kNanosPerMilli);
  run_writer();
  clock.advance(1 * kNanosPerMilli);
  stream->fire_timer();
  run_writer();
  stream->run();
  const v1::MethodLatency puts = latency("Put");
  EXPECT_EQ(puts.count(), 2U);
  EXPECT_EQ(puts.total_us(), 11 * kMs);
  EXPECT_EQ(puts.max_us(), 6 * kMs);
}

TEST_F(LatencyTest, TheRequestsOfAWriteCountOneByOne) {
  begin<WriteStream>();
  for (int i = 0; i < 3; ++i) {
    v1::WriteRequest request;
    request.add_ops()->mutable_put()->set_key("k");
    stream->send(request);
  }
  stream->run();
  clock.advance(7 * kNanosPerMilli);
  run_writer();
  stream->run();
  expect("Write", 3, 7 * kMs);
}

TEST_F(LatencyTest, AScanIsOneRequestFromItsMessageToItsEnd) {
  for (const char* key : {"a", "b", "c"}) put(key, "v");
  begin<ScanStream>();
  v1::ScanRequest request;
  request.set_page_size(1);
  stream->send(request);
  stream->end_side();
  stream->client_takes = false;
  stream->run();
  run_writer();
  clock.advance(20 * kNanosPerMilli);
  EXPECT_EQ(latency("Scan").count(), 0U);
  stream->client_takes = true;
  stream->run();
  ASSERT_TRUE(stream->ended);
  expect("Scan", 1, 20 * kMs);
}

}  // namespace
}  // namespace flashkv::test
