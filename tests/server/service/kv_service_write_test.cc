#include "server/service/kv_service.h"
#include "tests/support/services_fixture.h"

namespace flashkv::test {
namespace {

using testing::HasSubstr;

class WriteTest : public ServicesTest {
 protected:
  v1::Op& add() { return *request.add_ops(); }
  void add_put(const std::string& key, const std::string& value) {
    v1::PutRequest& put = *add().mutable_put();
    put.set_key(key);
    put.set_value(value);
  }
  // The reply, once the writer has run.
  v1::WriteResponse answer() {
    Started outcome = kv->write(request, call);
    if (outcome.submitted) {
      run_writer();
      outcome.status = call.status;
    }
    v1::WriteResponse reply;
    kv->finish_write(request, outcome.status, call, reply);
    return reply;
  }

  v1::WriteRequest request;
  DeskSubmission call{desk};
};

TEST_F(WriteTest, EveryKindOfOperationIsAnsweredInOrder) {
  request.set_request_id(42);
  add_put("n", "40");
  add().mutable_increment()->set_key("n");
  request.mutable_ops(1)->mutable_increment()->set_delta(2);
  add().mutable_append()->set_key("text");
  request.mutable_ops(2)->mutable_append()->set_value("abc");
  add().mutable_expire()->set_key("text");
  request.mutable_ops(3)->mutable_expire()->set_ttl_ms(1'000);
  add().mutable_get()->set_key("n");
  add().mutable_delete_()->set_key("absent");
  add().mutable_get()->set_key("absent");
  v1::GetRequest& bare = *add().mutable_get();
  bare.set_key("n");
  bare.set_keys_only(true);
  const v1::WriteResponse reply = answer();
  ASSERT_FALSE(reply.has_error()) << reply.error().message();
  EXPECT_EQ(reply.request_id(), 42U);
  EXPECT_EQ(reply.header().revision(), 1U);
  ASSERT_EQ(reply.results_size(), 8);
  EXPECT_TRUE(reply.results(0).put().succeeded());
  EXPECT_EQ(reply.results(1).increment().value(), 42);
  EXPECT_EQ(reply.results(2).append().length(), 3U);
  EXPECT_TRUE(reply.results(3).expire().found());
  EXPECT_EQ(reply.results(4).get().kv().value(), "42");
  EXPECT_EQ(reply.results(5).delete_().deleted(), 0U);
  EXPECT_TRUE(reply.results(6).has_get());
  EXPECT_FALSE(reply.results(6).get().has_kv());
  EXPECT_EQ(reply.results(7).get().kv().key(), "n");
  EXPECT_EQ(reply.results(7).get().kv().value(), "");
  EXPECT_EQ(get("n").kv().value(), "42");
  EXPECT_EQ(get("text").kv().expires_at_ms(), clock.now_ms() + 1'000);
}

TEST_F(WriteTest, ReadsOfKeysAloneAreNotBoundByTheirValues) {
  add_put("large", std::string(std::size_t{1} << 20, 'v'));
  for (int i = 0; i < 20; ++i) {
    v1::GetRequest& get = *add().mutable_get();
    get.set_key("large");
    get.set_keys_only(true);
  }
  const v1::WriteResponse reply = answer();
  ASSERT_FALSE(reply.has_error()) << reply.error().message();
  EXPECT_EQ(reply.results(20).get().kv().key(), "large");
  EXPECT_EQ(reply.results(20).get().kv().version(), 1U);
}

TEST_F(WriteTest, AnOperationThatFailsRejectsItsWholeRequest) {
  put("text", "abc");
  add_put("first", "1");
  add().mutable_increment()->set_key("text");
  request.set_request_id(7);
  const v1::WriteResponse reply = answer();
  EXPECT_EQ(reply.error().code(), static_cast<int>(Code::kFailedPrecondition));
  EXPECT_EQ(reply.request_id(), 7U);
  EXPECT_EQ(reply.results_size(), 0);
  EXPECT_FALSE(get("first").has_kv());
}

TEST_F(WriteTest, AnErrorNamesTheOperation) {
  add_put("fine", "1");
  add_put("", "1");
  const v1::WriteResponse reply = answer();
  EXPECT_EQ(reply.error().code(), static_cast<int>(Code::kInvalidArgument));
  EXPECT_THAT(reply.error().message(), HasSubstr("ops[1]: key"));
  EXPECT_FALSE(get("fine").has_kv());
}

TEST_F(WriteTest, TheRequestsAckAppliesAndAnOperationsIsIgnored) {
  add_put("k", "1");
  request.mutable_ops(0)->mutable_put()->set_ack(v1::ACK_DURABLE);
  EXPECT_FALSE(answer().has_error());
  request.set_ack(v1::ACK_DURABLE);
  call.clear();
  EXPECT_EQ(answer().error().code(), static_cast<int>(Code::kFailedPrecondition));
}

TEST_F(WriteTest, ACallRefusedByAFullQueueMayBeRetried) {
  StoreOptions narrow;
  narrow.limits.max_queue_requests = 1;
  open(narrow);
  v1::PutRequest other;
  other.set_key("other");
  DeskSubmission in_the_way(desk);
  ASSERT_TRUE(kv->put(other, in_the_way).submitted);
  add_put("k", "v");
  Started outcome = kv->write(request, call);
  ASSERT_FALSE(outcome.submitted);
  EXPECT_TRUE(kv->queue_was_full(outcome, call));
  run_writer();
  outcome = kv->retry(call);
  ASSERT_TRUE(outcome.submitted) << outcome.status.message;
  run_writer();
  EXPECT_EQ(get("k").kv().value(), "v");
}

TEST_F(WriteTest, AReplyThatWouldBeTooLargeIsRefusedBeforeAnythingIsApplied) {
  const std::string large(std::size_t{7} << 20, 'v');
  add_put("large", large);
  EXPECT_FALSE(answer().has_error());
  request.Clear();
  call.clear();
  add_put("k", "1");
  for (int i = 0; i < 2; ++i) request.add_ops()->mutable_get()->set_key("large");
  EXPECT_FALSE(answer().has_error());
  call.clear();
  request.mutable_ops(0)->mutable_put()->set_value("2");
  request.add_ops()->mutable_get()->set_key("large");
  EXPECT_EQ(answer().error().code(), static_cast<int>(Code::kResourceExhausted));
  EXPECT_EQ(get("k").kv().value(), "1");
}

TEST_F(WriteTest, ARefusalCarriesThePublishedRevision) {
  add_put("k", "v");
  const std::uint64_t written = answer().header().revision();
  call.clear();
  add_put("", "v");
  const v1::WriteResponse refused = answer();
  EXPECT_TRUE(refused.has_error());
  EXPECT_EQ(refused.header().revision(), written);
}

TEST_F(WriteTest, ARequestThatCanNeverFitIsNotRetried) {
  StoreOptions narrow;
  narrow.limits.max_queue_bytes = 4096;
  open(narrow);
  add_put("k", std::string(4096, 'v'));
  const Started outcome = kv->write(request, call);
  EXPECT_EQ(outcome.status.code, Code::kResourceExhausted);
  EXPECT_FALSE(kv->queue_was_full(outcome, call));
}

TEST_F(WriteTest, OtherFailuresAreNotRetried) {
  const Started outcome = kv->write(request, call);
  EXPECT_EQ(outcome.status.code, Code::kInvalidArgument);
  EXPECT_FALSE(kv->queue_was_full(outcome, call));
}

TEST_F(WriteTest, ACallUsedForManyOperationsDoesNotKeepTheirMemory) {
  for (int i = 0; i < 5'000; ++i) add_put(numbered("k", static_cast<std::size_t>(i)), "v");
  EXPECT_FALSE(answer().has_error());
  EXPECT_GE(call.several.capacity(), 5'000U);
  call.clear();
  EXPECT_LE(call.several.capacity(), PendingCall::kKeptOps);
}

}  // namespace
}  // namespace flashkv::test
