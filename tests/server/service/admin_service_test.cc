#include "server/service/admin_service.h"

#include "tests/support/services_fixture.h"

namespace flashkv::test {
namespace {

using AdminTest = ServicesTest;

TEST_F(AdminTest, StatsTellWhatTheStoreHoldsAndWhatWasAsked) {
  put("a", "1");
  put("b", "2");
  MethodCounters counters;
  counters.count(Method::kGet, Code::kOk);
  counters.count(Method::kGet, Code::kOk);
  counters.count(Method::kPut, Code::kResourceExhausted);
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

TEST_F(AdminTest, StatsTellWhatIsKeptForGoodAndHowMuchMayBe) {
  StoreOptions leaking;
  leaking.engine = "cuckoo-leak";
  leaking.max_retired_bytes = 5'000'000;
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
  EXPECT_FALSE(reply.traits().bounded_garbage());
}

TEST_F(AdminTest, AnotherPublishPolicyHoldsOnceItIsAnswered) {
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
  v1::SetPublishPolicyRequest request;
  DeskSubmission call(desk);
  const Started outcome = admin->set_policy(request, call);
  EXPECT_FALSE(outcome.submitted);
  EXPECT_EQ(outcome.status.code, Code::kInvalidArgument);
  EXPECT_EQ(store->policy().max_batch, 1024U);
}

TEST_F(AdminTest, PublishMakesReadableWhatWasOnlyApplied) {
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
