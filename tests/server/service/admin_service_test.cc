#include "server/service/admin_service.h"

#include <algorithm>

#include "server/service/method_table.h"
#include "storage/record/large_block.h"
#include "tests/support/engine_cases.h"
#include "tests/support/services_fixture.h"

namespace flashkv::test {
namespace {

using AdminTest = ServicesTest;

TEST_F(AdminTest, StatsReportTheStoresContentsAndItsRequests) {
  put("a", "1");
  put("b", "2");
  MethodCounters counters;
  counters.count(method_id("Get"), Code::kOk);
  counters.count(method_id("Get"), Code::kOk);
  counters.count(method_id("Put"), Code::kResourceExhausted);
  admin->count_requests_with([&] {
    MethodCounts sum{};
    counters.add_to(sum);
    return sum;
  });
  v1::StatsResponse reply;
  ASSERT_TRUE(admin->stats(reply).ok());
  ASSERT_TRUE(admin->stats(reply).ok()) << "a recycled reply";
  EXPECT_EQ(reply.header().revision(), 2U);
  EXPECT_EQ(reply.header().store_id(), store->store_id());
  EXPECT_EQ(reply.engine(), "flashmap");
  EXPECT_TRUE(reply.traits().atomic_batch());
  EXPECT_NE(reply.traits().read_rmw(), v1::READ_RMW_UNSPECIFIED);
  EXPECT_EQ(reply.keys(), 2U);
  EXPECT_EQ(reply.published_revision(), 2U);
  EXPECT_EQ(reply.applied_requests(), 2U);
  EXPECT_EQ(reply.queue_requests_limit(), 65'536U);
  EXPECT_EQ(reply.queue_bytes_limit(), 256U << 20);
  EXPECT_EQ(reply.policy().max_batch(), 1024U);
  EXPECT_EQ(reply.batch_ops().count(), 2U);
  EXPECT_EQ(reply.request_threads(), 2U);
  EXPECT_EQ(reply.leaked_bytes(), 0U);
  EXPECT_EQ(reply.retired_bytes_limit(), 1U << 30);
  EXPECT_GT(reply.cpu_user_us() + reply.cpu_system_us(), 0U);
  EXPECT_GT(reply.rss_bytes(), 0U);
  EXPECT_FALSE(reply.version().empty());
  ASSERT_EQ(reply.requests_size(), 2);
  EXPECT_EQ(reply.requests(0).method(), "Get");
  EXPECT_EQ(reply.requests(0).count(), 2U);
  EXPECT_EQ(reply.requests(1).method(), "Put");
  EXPECT_EQ(reply.requests(1).code(), 8);
}

TEST_F(AdminTest, StatsReportTheMemoryOfFreedLargeRecords) {
  large_block::release(large_block::allocate(large_block::kLeast), large_block::kLeast);
  v1::StatsResponse reply;
  ASSERT_TRUE(admin->stats(reply).ok());
  EXPECT_EQ(reply.waiting_bytes(), std::min(large_block::kLeast, large_block::kMostWaiting));
  large_block::trim(0, large_block::kLeast);
}

// A state in which no two of them are equal by chance.
TEST_F(AdminTest, EachFigureIsItsOwn) {
  StoreOptions on_the_tick;
  on_the_tick.policy = {.interval = Nanos{3600} * 1'000'000'000, .adaptive = false};
  open(on_the_tick);
  v1::WriteRequest three;
  for (std::size_t i = 0; i < 3; ++i) three.add_ops()->mutable_put()->set_key(numbered("k", i));
  v1::WriteRequest refused;
  refused.add_ops()->mutable_increment()->set_key("k0");
  for (v1::WriteRequest* each : {&three, &refused}) each->set_ack(v1::ACK_APPLIED);
  DeskSubmission first(desk);
  DeskSubmission second(desk);
  DeskSubmission waiting(desk);
  ASSERT_TRUE(kv->write(three, first).submitted);
  run_writer();
  clock.advance(5 * kNanosPerMilli);
  DeskSubmission publishing(desk);
  ASSERT_TRUE(admin->publish(publishing).submitted);
  run_writer();
  ASSERT_TRUE(kv->write(three, second).submitted);
  ASSERT_TRUE(kv->write(refused, waiting).submitted);
  run_writer();
  ASSERT_EQ(waiting.status.code, Code::kFailedPrecondition) << waiting.status.message;
  waiting.clear();
  ASSERT_TRUE(kv->write(three, waiting).submitted);
  v1::StatsResponse reply;
  ASSERT_TRUE(admin->stats(reply).ok());
  EXPECT_EQ(reply.queue_requests(), 1U);
  EXPECT_EQ(reply.queue_bytes(), store->stats().writer.queue_bytes);
  EXPECT_GT(reply.queue_bytes(), 1U);
  EXPECT_EQ(reply.applied_requests(), store->stats().writer.applied_requests);
  EXPECT_EQ(reply.applied_ops(), 6U);
  EXPECT_EQ(reply.publishes(), 1U);
  EXPECT_EQ(reply.published_revision(), 1U);
  EXPECT_EQ(reply.assigned_revision(), 2U);
  EXPECT_EQ(reply.rejected_requests(), 1U);
  EXPECT_EQ(reply.publish_ns().max(), 0U) << "the clock stood still";
  EXPECT_GE(reply.publish_lag_ns().max(), 5'000'000U);
  store->stop(0);
  DeskSubmission late(desk);
  EXPECT_FALSE(kv->write(three, late).submitted);
  ASSERT_TRUE(admin->stats(reply).ok());
  EXPECT_EQ(reply.rejected_requests(), 2U) << "and what came after the stop";
}

TEST_F(AdminTest, StatsReportLeakedBytesAndTheirLimit) {
  StoreOptions leaking;
  leaking.engine = "cuckoo-leak";
  leaking.limits = {.max_queue_requests = 6, .max_queue_bytes = 7'000, .max_retired_bytes = 5'000'000};
  open(leaking);
  put("a", "1");
  put("a", "2");
  v1::StatsResponse reply;
  ASSERT_TRUE(admin->stats(reply).ok());
  const EngineStats engine = store->stats().engine;
  EXPECT_GT(reply.leaked_bytes(), 0U);
  EXPECT_EQ(reply.leaked_bytes(), engine.leaked_bytes);
  EXPECT_EQ(reply.retired_bytes(), engine.retired_bytes);
  EXPECT_EQ(reply.retired_bytes_limit(), 5'000'000U);
  EXPECT_EQ(reply.queue_requests_limit(), 6U);
  EXPECT_EQ(reply.queue_bytes_limit(), 7'000U);
  EXPECT_FALSE(reply.traits().bounded_garbage());
}

TEST_F(AdminTest, ADistributionReportsEachPercentile) {
  // 40 batches of one operation, then one of a thousand: the median is small, the 99th percentile is not.
  for (std::size_t i = 0; i < 40; ++i) put(numbered("k", i), "v");
  v1::WriteRequest many;
  for (std::size_t i = 0; i < 1'000; ++i) many.add_ops()->mutable_put()->set_key(numbered("m", i));
  DeskSubmission call(desk);
  ASSERT_TRUE(kv->write(many, call).submitted);
  run_writer();
  v1::StatsResponse reply;
  ASSERT_TRUE(admin->stats(reply).ok());
  const Histogram batches = store->stats().writer.batch_ops;
  EXPECT_EQ(reply.batch_ops().count(), 41U);
  EXPECT_EQ(reply.batch_ops().p50(), 1U);
  EXPECT_EQ(reply.batch_ops().p99(), batches.percentile(0.99));
  EXPECT_GE(reply.batch_ops().p99(), 900U);
  EXPECT_GE(reply.batch_ops().p999(), 900U);
  EXPECT_EQ(reply.batch_ops().max(), 1'000U);
}

TEST_F(AdminTest, RequestsRefusedByAFullQueueCountAsRejected) {
  StoreOptions narrow;
  narrow.limits.max_queue_requests = 1;
  open(narrow);
  v1::PutRequest request;
  request.set_key("k");
  DeskSubmission taken(desk);
  DeskSubmission refused(desk);
  ASSERT_TRUE(kv->put(request, taken).submitted);
  for (int i = 0; i < 3; ++i) {
    refused.clear();
    EXPECT_FALSE(kv->put(request, refused).submitted);
  }
  v1::StatsResponse reply;
  ASSERT_TRUE(admin->stats(reply).ok());
  EXPECT_EQ(reply.rejected_requests(), 3U);
  run_writer();
}

TEST_F(AdminTest, DeferralsAreCountedWhileAReaderHoldsTheWriterUp) {
  for (const EngineCase& engine : engine_cases()) {
    if (!engine.readers_block) continue;
    close();
    StoreOptions options;
    options.clock = &clock;
    TestTable made = engine.make(KeyHash(7, options.hash_mask));
    adopt(Store::over(std::move(made.table), options));
    put("a", "1");
    auto guard = made.guards->hold();
    v1::PutRequest request;
    request.set_key("a");
    DeskSubmission first(desk);
    DeskSubmission second(desk);
    ASSERT_TRUE(kv->put(request, first).submitted);
    run_writer();
    ASSERT_TRUE(kv->put(request, second).submitted);
    run_writer();
    v1::StatsResponse reply;
    ASSERT_TRUE(admin->stats(reply).ok());
    EXPECT_GT(reply.deferrals(), 0U) << engine.name;
    EXPECT_EQ(reply.deferrals(), store->stats().writer.deferrals);
    guard.reset();
    close();
    return;
  }
  FAIL() << "none of the engines has readers that block";
}

TEST_F(AdminTest, ANewPublishPolicyIsInEffectOnceAnswered) {
  v1::SetPublishPolicyRequest request;
  request.set_interval_us(2'500);
  request.set_max_batch(7);
  DeskSubmission call(desk);
  ASSERT_TRUE(admin->set_policy(request, call).submitted);
  run_writer();
  ASSERT_EQ(desk.back.size(), 1U);
  v1::SetPublishPolicyResponse reply;
  ASSERT_TRUE(admin->finish_set_policy(call, reply).ok());
  EXPECT_EQ(reply.interval_us(), 2'500U);
  EXPECT_EQ(store->policy().interval, 2'500'000);
  v1::GetPublishPolicyResponse now;
  ASSERT_TRUE(admin->get_policy(now).ok());
  EXPECT_EQ(now.interval_us(), 2'500U);
  EXPECT_EQ(now.max_batch(), 7U);
  EXPECT_FALSE(now.adaptive());
}

TEST_F(AdminTest, ABadPolicyNeverReachesTheWriter) {
  for (const auto& [interval_us, max_batch] :
       {std::pair<std::uint64_t, std::uint64_t>{0, 0}, {0, 1'000'001}, {86'400'000'001, 1}}) {
    v1::SetPublishPolicyRequest request;
    request.set_interval_us(interval_us);
    request.set_max_batch(max_batch);
    DeskSubmission call(desk);
    const Started outcome = admin->set_policy(request, call);
    EXPECT_FALSE(outcome.submitted) << interval_us << " us, " << max_batch;
    EXPECT_EQ(outcome.status.code, Code::kInvalidArgument);
    run_writer();
    EXPECT_EQ(store->policy().interval, 0);
    EXPECT_EQ(store->policy().max_batch, 1024U);
  }
}

TEST_F(AdminTest, PublishMakesAppliedMutationsReadable) {
  StoreOptions on_the_tick;
  on_the_tick.policy = {.interval = Nanos{3600} * 1'000'000'000, .adaptive = false};
  open(on_the_tick);
  v1::PutRequest write;
  write.set_key("k");
  write.set_ack(v1::ACK_APPLIED);
  DeskSubmission written(desk);
  ASSERT_TRUE(kv->put(write, written).submitted);
  run_writer();
  EXPECT_FALSE(get("k").has_kv());
  DeskSubmission call(desk);
  ASSERT_TRUE(admin->publish(call).submitted);
  run_writer();
  v1::PublishResponse reply;
  ASSERT_TRUE(admin->finish_publish(call, reply).ok());
  EXPECT_EQ(reply.revision(), 1U);
  EXPECT_EQ(reply.header().revision(), 1U);
  EXPECT_TRUE(get("k").has_kv());
}

}  // namespace
}  // namespace flashkv::test
