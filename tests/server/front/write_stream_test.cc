#include <thread>
#include <vector>

#include "tests/support/front_fixture.h"

namespace flashkv::test {
namespace {

using testing::HasSubstr;
using Stream = grpc::ClientReaderWriter<v1::WriteRequest, v1::WriteResponse>;

class WriteStreamTest : public FrontTest {
 protected:
  static v1::WriteRequest request_of(std::uint64_t id, const std::string& key, std::size_t value = 1) {
    v1::WriteRequest request;
    request.set_request_id(id);
    request.add_ops()->mutable_put()->set_key(key);
    request.mutable_ops(0)->mutable_put()->set_value(std::string(value, 'v'));
    return request;
  }
  std::uint64_t queued() { return store->stats().writer.queue_requests; }
  // After round trips on the stream's own connection: had it been read on, it would show.
  void expect_still_queued(std::uint64_t requests) {
    for (int i = 0; i < 20; ++i) {
      EXPECT_EQ(get("none"), "(none)");
      EXPECT_EQ(queued(), requests);
    }
  }
};

TEST_F(WriteStreamTest, AnswersComeInOrder) {
  serve();
  run_writer();
  Patient context;
  auto stream = kv->Write(&context);
  std::thread sender([&] {
    for (std::size_t i = 0; i < 2'000; ++i) ASSERT_TRUE(stream->Write(request_of(i, numbered("k", i))));
    stream->WritesDone();
  });
  v1::WriteResponse reply;
  for (std::size_t i = 0; i < 2'000; ++i) {
    ASSERT_TRUE(stream->Read(&reply)) << i;
    EXPECT_EQ(reply.request_id(), i);
    EXPECT_EQ(reply.header().revision(), i + 1);
    EXPECT_FALSE(reply.has_error());
    ASSERT_EQ(reply.results_size(), 1);
    EXPECT_TRUE(reply.results(0).put().succeeded());
  }
  EXPECT_FALSE(stream->Read(&reply));
  sender.join();
  EXPECT_TRUE(stream->Finish().ok());
  EXPECT_EQ(get("k1999"), "v");
}

TEST_F(WriteStreamTest, ARequestThatFailsIsAnsweredInOrderAndTheStreamGoesOn) {
  serve();
  Patient context;
  auto stream = kv->Write(&context);
  ASSERT_TRUE(stream->Write(request_of(1, "a")));
  ASSERT_TRUE(stream->Write(request_of(2, "")));
  // The second reply is ready before the first.
  wait_until([&] { return count("Write", Code::kInvalidArgument) == 1; });
  run_writer();
  std::vector<int> codes;
  v1::WriteResponse reply;
  const auto take = [&] {
    if (!stream->Read(&reply)) return false;
    EXPECT_EQ(reply.request_id(), codes.size() + 1);
    codes.push_back(reply.error().code());
    return true;
  };
  EXPECT_TRUE(take() && take());
  EXPECT_TRUE(stream->Write(request_of(3, "b")));
  stream->WritesDone();
  while (take()) {
  }
  EXPECT_TRUE(stream->Finish().ok());
  EXPECT_THAT(codes, testing::ElementsAre(0, 3, 0));
  EXPECT_EQ(get("b"), "v");
}

TEST_F(WriteStreamTest, AtMostAWindowOfRequestsIsInFlight) {
  serve();
  Patient context;
  auto stream = kv->Write(&context);
  for (std::size_t i = 0; i < 40; ++i) ASSERT_TRUE(stream->Write(request_of(i, numbered("k", i))));
  wait_until([&] { return queued() == 16; });
  expect_still_queued(16);
  run_writer();
  stream->WritesDone();
  v1::WriteResponse reply;
  std::size_t answers = 0;
  while (stream->Read(&reply)) EXPECT_EQ(reply.request_id(), answers++);
  EXPECT_EQ(answers, 40U);
}

TEST_F(WriteStreamTest, LargeRequestsMakeTheWindowSmaller) {
  serve();
  Patient context;
  auto stream = kv->Write(&context);
  std::thread sender([&] {
    for (std::size_t i = 0; i < 8; ++i) stream->Write(request_of(i, numbered("k", i), 3 << 20));
    stream->WritesDone();
  });
  wait_until([&] { return queued() == 2; });
  expect_still_queued(2);  // two of 3 MiB reach the 4 MiB that a stream may have in flight
  run_writer();
  v1::WriteResponse reply;
  std::size_t answers = 0;
  while (stream->Read(&reply)) EXPECT_EQ(reply.request_id(), answers++);
  sender.join();
  EXPECT_EQ(answers, 8U);
}

TEST_F(WriteStreamTest, AFullQueueHoldsTheStreamBackAndFailsNothing) {
  config.store.limits.max_queue_requests = 2;
  serve();
  Patient context;
  auto stream = kv->Write(&context);
  for (std::size_t i = 0; i < 10; ++i) ASSERT_TRUE(stream->Write(request_of(i, numbered("k", i))));
  stream->WritesDone();
  wait_until([&] { return store->stats().writer.refused_full > 3; });
  EXPECT_EQ(queued(), 2U);
  run_writer();
  v1::WriteResponse reply;
  std::size_t answers = 0;
  while (stream->Read(&reply)) {
    EXPECT_EQ(reply.request_id(), answers++);
    EXPECT_FALSE(reply.has_error()) << reply.error().message();
  }
  EXPECT_EQ(answers, 10U);
  EXPECT_TRUE(stream->Finish().ok());
}

TEST_F(WriteStreamTest, ARequestLargerThanTheQueueIsRefusedAndTheStreamGoesOn) {
  config.store.limits.max_queue_bytes = 100'000;
  serve();
  run_writer();
  Patient context;
  auto stream = kv->Write(&context);
  ASSERT_TRUE(stream->Write(request_of(1, "large", 200'000)));
  ASSERT_TRUE(stream->Write(request_of(2, "small")));
  v1::WriteResponse reply;
  ASSERT_TRUE(stream->Read(&reply));
  EXPECT_EQ(reply.error().code(), 8);
  EXPECT_THAT(reply.error().message(), HasSubstr("max-queue-bytes"));
  ASSERT_TRUE(stream->Read(&reply));
  EXPECT_FALSE(reply.has_error());
  stream->WritesDone();
  EXPECT_TRUE(stream->Finish().ok());
}

TEST_F(WriteStreamTest, RequestsOfAClientThatVanishesAreAppliedWholeOrNotAtAll) {
  serve();
  for (int round = 0; round < 5; ++round) {
    Patient context;
    auto stream = v1::KV::NewStub(connect())->Write(&context);
    v1::WriteRequest request;
    for (std::size_t i = 0; i < 3; ++i) request.add_ops()->mutable_put()->set_key(numbered("gone", i));
    const std::uint64_t before = queued();
    ASSERT_TRUE(stream->Write(request));
    wait_until([&] { return queued() > before; });
    context.TryCancel();
    stream->Finish();
  }
  run_writer();
  EXPECT_TRUE(put("after", "v").ok());
  EXPECT_EQ(get("gone0"), get("gone2"));
}

TEST_F(WriteStreamTest, MoreStreamsThanArePostedAreAllServed) {
  config.threads = 1;
  serve();
  run_writer();
  std::vector<std::unique_ptr<Patient>> contexts;
  std::vector<std::unique_ptr<Stream>> streams;
  for (std::size_t i = 0; i < 50; ++i) {
    contexts.push_back(std::make_unique<Patient>());
    streams.push_back(kv->Write(contexts.back().get()));
    ASSERT_TRUE(streams.back()->Write(request_of(i, numbered("k", i))));
  }
  v1::WriteResponse reply;
  for (std::size_t i = 0; i < 50; ++i) {
    ASSERT_TRUE(streams[i]->Read(&reply));
    EXPECT_EQ(reply.request_id(), i);
    streams[i]->WritesDone();
    EXPECT_TRUE(streams[i]->Finish().ok());
  }
}

TEST_F(WriteStreamTest, AStreamWithoutRequestsEndsWell) {
  serve();
  Patient context;
  auto stream = kv->Write(&context);
  stream->WritesDone();
  EXPECT_TRUE(stream->Finish().ok());
}

}  // namespace
}  // namespace flashkv::test
