#include <future>

#include "tests/support/front_fixture.h"

namespace flashkv::test {
namespace {

using DrainTest = FrontTest;

v1::WriteRequest write_of(std::uint64_t id) {
  v1::WriteRequest request;
  request.set_request_id(id);
  request.add_ops()->mutable_put()->set_key(numbered("k", id));
  return request;
}

TEST_F(DrainTest, QueuedRequestsAreAppliedAndAnswered) {
  serve();
  auto flying = std::async(std::launch::async, [&] { return put("k", "v"); });
  wait_until([&] { return store->stats().writer.queue_requests == 1; });
  drain();
  EXPECT_TRUE(flying.get().ok());
  EXPECT_EQ(store->published_revision(), 1U);
}

TEST_F(DrainTest, AStreamGetsItsRepliesAndThenUnavailable) {
  serve();
  Patient context;
  auto stream = kv->Write(&context);
  for (std::uint64_t i = 0; i < 5; ++i) ASSERT_TRUE(stream->Write(write_of(i)));
  wait_until([&] { return store->stats().writer.queue_requests == 5; });
  drain();
  v1::WriteResponse reply;
  for (std::uint64_t i = 0; i < 5; ++i) {
    ASSERT_TRUE(stream->Read(&reply)) << i;
    EXPECT_EQ(reply.request_id(), i);
    EXPECT_FALSE(reply.has_error());
  }
  EXPECT_FALSE(stream->Read(&reply));
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(DrainTest, AnIdleStreamDoesNotHoldItUp) {
  serve();
  run_writer();
  Patient context;
  auto stream = kv->Write(&context);
  ASSERT_TRUE(stream->Write(write_of(1)));
  v1::WriteResponse reply;
  ASSERT_TRUE(stream->Read(&reply));
  drain();
  EXPECT_FALSE(stream->Read(&reply));
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(DrainTest, AStreamThatWaitsForTheQueueIsAnsweredUnavailable) {
  config.store.limits.max_queue_requests = 1;
  serve();
  Patient context;
  auto stream = kv->Write(&context);
  for (std::uint64_t i = 0; i < 2; ++i) ASSERT_TRUE(stream->Write(write_of(i)));
  wait_until([&] { return store->stats().writer.refused_full > 0; });
  drain();
  v1::WriteResponse reply;
  ASSERT_TRUE(stream->Read(&reply));
  EXPECT_FALSE(reply.has_error()) << "it was in the queue";
  ASSERT_TRUE(stream->Read(&reply));
  EXPECT_EQ(reply.error().code(), 14) << "it was not";
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(DrainTest, NoCallIsServedAfterIt) {
  serve();
  run_writer();
  ASSERT_TRUE(put("k", "v").ok());
  drain();
  EXPECT_EQ(put("k", "v").error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(DrainTest, ASecondServerOnTheSameAddressDoesNotStart) {
  serve();
  const std::string taken = server->address();
  Config other = config;
  other.listen = taken;
  GrpcServer second(other, Services{*store, *kv_service, *admin_service, health, *config.store.clock});
  const Status status = second.start();
  EXPECT_EQ(status.code, Code::kUnavailable);
  EXPECT_NE(status.message.find(taken), std::string::npos) << status.message;
}

}  // namespace
}  // namespace flashkv::test
