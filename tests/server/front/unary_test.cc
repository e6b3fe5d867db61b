#include <grpcpp/generic/generic_stub.h>

#include <future>
#include <thread>
#include <vector>

#include "server/front/grpc/deadline.h"
#include "server/front/grpc/request_thread.h"
#include "server/service/method_table.h"
#include "server/service/unary_state.h"
#include "tests/support/front_fixture.h"

namespace flashkv::test {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

using UnaryTest = FrontTest;

// A Put in flight.
struct FlyingPut {
  FlyingPut(v1::KV::Stub& stub, const std::string& key, milliseconds patience = milliseconds(60'000))
      : done(std::async(std::launch::async, [&stub, key, patience, this] {
          v1::PutRequest request;
          request.set_key(key);
          request.set_value(key);
          context.set_deadline(std::chrono::system_clock::now() + patience);
          return stub.Put(&context, request, &reply);
        })) {}
  grpc::ClientContext context;
  v1::PutResponse reply;
  std::future<grpc::Status> done;
};

TEST_F(UnaryTest, AKeyPutOnOneConnectionIsReadOnAnother) {
  serve();
  run_writer();
  ASSERT_TRUE(put("color", "blue").ok());
  kv = v1::KV::NewStub(connect());
  EXPECT_EQ(get("color"), "blue");
  EXPECT_EQ(get("none"), "(none)");
  EXPECT_EQ(count("Get", Code::kOk), 2U);
  EXPECT_EQ(count("Put", Code::kOk), 1U);
}

TEST_F(UnaryTest, ManyMoreCallsThanArePostedAreAllAnswered) {
  config.threads = 1;
  serve();
  std::vector<std::unique_ptr<FlyingPut>> puts;
  for (std::size_t i = 0; i < 300; ++i) puts.push_back(std::make_unique<FlyingPut>(*kv, numbered("k", i)));
  wait_until([&] { return store->stats().writer.queue_requests == 300; });
  EXPECT_EQ(get("k1"), "(none)") << "reads are answered while all of them wait";
  run_writer();
  for (auto& each : puts) EXPECT_TRUE(each->done.get().ok());
  for (std::size_t i = 0; i < 300; ++i) EXPECT_EQ(get(numbered("k", i)), numbered("k", i));
}

TEST_F(UnaryTest, ACallIsTimedUntilItsAnswer) {
  ManualClock clock;
  config.store.clock = &clock;
  serve();
  FlyingPut waiting(*kv, "k");
  wait_until([&] { return store->stats().writer.queue_requests == 1; });
  clock.advance(5 * kNanosPerMilli);
  store->step();
  store->step();
  EXPECT_TRUE(waiting.done.get().ok());
  EXPECT_EQ(get("k"), "k");
  v1::PutRequest no_key;
  v1::PutResponse reply;
  Patient context;
  EXPECT_FALSE(kv->Put(&context, no_key, &reply).ok());
  const MethodLatencies latencies = admin_service->meters().latencies();
  const MethodLatency& puts = latencies[method_id("Put")];
  EXPECT_EQ(puts.total_ns, 5'000'000U);
  EXPECT_EQ(puts.buckets[latency_bucket(5'000)], 1U);
  EXPECT_EQ(puts.buckets[0], 1U) << "the one refused at once";
  EXPECT_EQ(latencies[method_id("Get")].buckets[0], 1U);
  server->begin_drain();
  store->stop(0);
  EXPECT_TRUE(server->stop(10'000 * kNanosPerMilli));
  server.reset();
  store.reset();
}

TEST_F(UnaryTest, AFullQueueIsResourceExhaustedAtOnce) {
  config.store.limits.max_queue_requests = 1;
  serve();
  FlyingPut first(*kv, "first");
  wait_until([&] { return store->stats().writer.queue_requests == 1; });
  const grpc::Status refused = put("second", "v");
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_THAT(refused.error_message(), HasSubstr("max-queue-requests"));
  run_writer();
  EXPECT_TRUE(first.done.get().ok());
  EXPECT_EQ(get("first"), "first");
  EXPECT_EQ(get("second"), "(none)");
}

TEST_F(UnaryTest, RequestsThatWaitForAPublishCountAsQueued) {
  config.store.limits.max_queue_requests = 1;
  config.store.policy = {.interval = Nanos{3600} * 1'000'000'000, .adaptive = false};
  serve();
  run_writer();
  FlyingPut first(*kv, "first");
  wait_until([&] { return store->stats().writer.awaiting_publish == 1; });
  EXPECT_EQ(put("second", "v").error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  drain();
  EXPECT_TRUE(first.done.get().ok());
}

// The client's own timer fires too; a store clock that is slightly ahead makes the server's deadline pass
// first.
class ClockAhead final : public Clock {
 public:
  Nanos now() const noexcept override { return system_clock().now() + ahead.load(); }
  std::atomic<Nanos> ahead{0};
};

TEST_F(UnaryTest, AMutationThatMissesItsDeadlineIsReportedAsNotApplied) {
  ClockAhead clock;
  config.store.clock = &clock;
  serve();
  FlyingPut late(*kv, "late", milliseconds(50'000));
  wait_until([&] { return store->stats().writer.queue_requests == 1; });
  clock.ahead = Nanos{60'000} * kNanosPerMilli;
  run_writer();
  EXPECT_EQ(late.done.get().error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  const auto& trailers = late.context.GetServerTrailingMetadata();
  const auto applied = trailers.find("flashkv-applied");
  ASSERT_NE(applied, trailers.end());
  EXPECT_EQ(std::string(applied->second.data(), applied->second.size()), "no");
  EXPECT_EQ(get("late"), "(none)");
  stop();
}

TEST_F(UnaryTest, AStatusKeepsItsCodeAndItsText) {
  for (int code = 1; code <= 16; ++code) {
    const grpc::Status status = as_grpc({static_cast<Code>(code), "text"});
    EXPECT_EQ(status.error_code(), code);
    EXPECT_EQ(status.error_message(), "text");
  }
  EXPECT_TRUE(as_grpc({}).ok());
}

TEST_F(UnaryTest, AClientThatGivesUpDoesNotDisturbTheNext) {
  ClockAhead clock;
  config.store.clock = &clock;
  serve();
  // Long enough to reach a loaded server before it ends.
  FlyingPut hasty(*kv, "hasty", milliseconds(1'000));
  FlyingPut cancelled(*kv, "cancelled");
  wait_until([&] { return store->stats().writer.queue_requests == 2; });
  cancelled.context.TryCancel();
  EXPECT_EQ(cancelled.done.get().error_code(), grpc::StatusCode::CANCELLED);
  EXPECT_EQ(hasty.done.get().error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  // The server counts from the call's arrival, and gRPC rounds the deadline up in transit.
  clock.ahead = Nanos{1'000} * kNanosPerMilli;
  run_writer();
  EXPECT_TRUE(put("next", "v").ok());
  EXPECT_EQ(get("next"), "v");
  EXPECT_EQ(get("hasty"), "(none)") << "its deadline had passed when the writer reached it";
  stop();
}

TEST_F(UnaryTest, AGetWaitsForItsRevision) {
  config.store.policy = {.interval = Nanos{3600} * 1'000'000'000, .adaptive = false};
  serve();
  run_writer();
  v1::PutRequest write;
  v1::PutResponse written;
  Patient writing;
  write.set_key("k");
  write.set_value("v");
  write.set_ack(v1::ACK_APPLIED);
  ASSERT_TRUE(kv->Put(&writing, write, &written).ok());
  auto reading = std::async(std::launch::async, [&] {
    Patient context;
    v1::GetRequest request;
    v1::GetResponse reply;
    request.set_key("k");
    request.set_at_least_revision(written.header().revision());
    EXPECT_TRUE(kv->Get(&context, request, &reply).ok());
    return reply;
  });
  wait_until([&] { return store->stats().writer.waiting_revision == 1; });
  Patient context;
  v1::PublishResponse published;
  ASSERT_TRUE(admin->Publish(&context, {}, &published).ok());
  EXPECT_EQ(published.revision(), written.header().revision());
  EXPECT_EQ(reading.get().kv().value(), "v");
}

TEST_F(UnaryTest, ALargeValueComesBackWhole) {
  constexpr std::size_t kSize = std::size_t{8} << 20;
  serve();
  run_writer();
  ASSERT_TRUE(put("large", std::string(kSize, 'v')).ok());
  for (int i = 0; i < 3; ++i) EXPECT_EQ(get("large").size(), kSize);
  EXPECT_EQ(get("none"), "(none)");
}

// Calls of one method, for the key "large", whose replies nobody reads, on a connection of their own.
class UnreadCalls {
 public:
  UnreadCalls(const std::string& address, const std::string& method, std::size_t number) {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
    grpc::GenericStub stub(grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments));
    v1::GetRequest request;
    request.set_key("large");
    const grpc::Slice slice(request.SerializeAsString());
    for (std::size_t i = 0; i < number; ++i) {
      contexts_.push_back(std::make_unique<Patient>());
      calls_.push_back(stub.PrepareCall(contexts_.back().get(), method, &queue_));
      calls_.back()->StartCall(nullptr);
      next();
      calls_.back()->WriteLast(grpc::ByteBuffer(&slice, 1), grpc::WriteOptions(), nullptr);
      next();
    }
  }
  ~UnreadCalls() {
    std::vector<grpc::Status> statuses(calls_.size());
    for (std::size_t i = 0; i < calls_.size(); ++i) {
      contexts_[i]->TryCancel();
      calls_[i]->Finish(&statuses[i], nullptr);
    }
    for (std::size_t i = 0; i < calls_.size(); ++i) next();
  }

 private:
  void next() {
    void* tag = nullptr;
    bool ok = false;
    queue_.Next(&tag, &ok);
  }

  grpc::CompletionQueue queue_;
  std::vector<std::unique_ptr<Patient>> contexts_;
  std::vector<std::unique_ptr<grpc::GenericClientAsyncReaderWriter>> calls_;
};

TEST_F(UnaryTest, UnreadRepliesDoNotStopOtherCalls) {
  config.threads = 1;
  serve();
  run_writer();
  ASSERT_TRUE(put("large", std::string(200'000, 'v')).ok());
  {
    const UnreadCalls unread(server->address(), "/flashkv.v1.KV/Get", 400);
    wait_until([&] { return count("Get", Code::kOk) == 400; });
    EXPECT_EQ(get("none"), "(none)");
    EXPECT_TRUE(put("small", "v").ok());
  }
  {
    const std::uint64_t before = count("Put", Code::kOk);
    const UnreadCalls unread(server->address(), "/flashkv.v1.KV/Put", 400);
    wait_until([&] { return count("Put", Code::kOk) == before + 400; });
    EXPECT_EQ(get("none"), "(none)");
    EXPECT_TRUE(put("small", "v").ok());
  }
  EXPECT_EQ(get("small"), "v");
}

TEST_F(UnaryTest, IdleCallsShareOneBoundOfMemory) {
  IdleMemory memory;
  std::size_t kept = 0;
  while (memory.keep(UnaryState::kKeptBytes)) ++kept;
  EXPECT_EQ(kept, IdleMemory::kMaxBytes / UnaryState::kKeptBytes);
  EXPECT_EQ(memory.bytes(), IdleMemory::kMaxBytes);
  memory.take(UnaryState::kKeptBytes);
  EXPECT_TRUE(memory.keep(1));
}

TEST_F(UnaryTest, EachConnectionAddsToWhatMayBeReceived) {
  Config one = config;
  one.max_connections = 1;
  Config many = config;
  many.max_connections = 1'001;
  EXPECT_EQ(max_received_bytes(many) - max_received_bytes(one), 1'000 * kConnectionBytes);
  Config deeper = one;
  deeper.store.limits.max_queue_bytes += 1'000;
  EXPECT_EQ(max_received_bytes(deeper) - max_received_bytes(one), kQueuesInTransit * 1'000);
  Config larger = one;
  larger.limits.max_request_bytes += 1'000;
  EXPECT_EQ(max_received_bytes(larger) - max_received_bytes(one), kRequestsInTransit * 1'000);
}

TEST_F(UnaryTest, AdminReportsAndSetsThePolicy) {
  serve();
  run_writer();
  Patient setting;
  v1::SetPublishPolicyRequest request;
  v1::SetPublishPolicyResponse set;
  request.set_interval_us(1'000);
  request.set_max_batch(5);
  request.set_adaptive(true);
  ASSERT_TRUE(admin->SetPublishPolicy(&setting, request, &set).ok());
  Patient getting;
  v1::GetPublishPolicyResponse got;
  ASSERT_TRUE(admin->GetPublishPolicy(&getting, {}, &got).ok());
  EXPECT_EQ(got.interval_us(), 1'000U);
  EXPECT_EQ(got.max_batch(), 5U);
  Patient asking;
  v1::StatsResponse stats;
  ASSERT_TRUE(admin->Stats(&asking, {}, &stats).ok());
  EXPECT_EQ(stats.policy().max_batch(), 5U);
  EXPECT_EQ(stats.request_threads(), 2U);
  EXPECT_EQ(stats.requests_size(), 2) << "the two calls before this one";
  Patient wrong;
  request.set_max_batch(0);
  EXPECT_EQ(admin->SetPublishPolicy(&wrong, request, &set).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

}  // namespace
}  // namespace flashkv::test
