// A store whose writer the test runs, and the session of one request thread.
#pragma once

#include <gmock/gmock.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "server/service/admin_service.h"
#include "server/service/health_state.h"
#include "server/service/kv_service.h"
#include "server/service/session.h"
#include "server/service/unary_state.h"
#include "tests/support/calls.h"

namespace flashkv::test {

// Records which calls have completed.
class Desk final : public CompletionSink, public Continuation {
 public:
  void complete(Request* first) noexcept override {
    while (first != nullptr) {
      auto& done = static_cast<PendingCall&>(*first);
      first = first->next;
      done.waiter->resume(done);
    }
  }
  void resume(PendingCall& done) override { back.push_back(&done); }

  std::vector<PendingCall*> back;
};

// A pending call that completes at the desk.
struct DeskSubmission : PendingCall {
  explicit DeskSubmission(Desk& desk) { attach(*this, desk); }
  static void attach(PendingCall& call, Desk& desk) {
    call.sink = &desk;
    call.waiter = &desk;
  }
};

class ServicesTest : public testing::Test {
 protected:
  ServicesTest() { open({}); }

  // Reopens the store with these options.
  void open(StoreOptions options) {
    close();
    options.clock = &clock;
    Status why;
    adopt(Store::open(options, why));
    ASSERT_NE(store, nullptr) << why.message;
  }
  void adopt(std::unique_ptr<Store> another) {
    store = std::move(another);
    kv = std::make_unique<KvService>(*store, limits);
    admin = std::make_unique<AdminService>(*store, 2, limits);
    session = std::make_unique<Session>(Services{*store, *kv, *admin, health, clock});
    session->open_reader();
  }
  void close() {
    session.reset();
    if (store) store->stop(0);
    store.reset();
  }
  ~ServicesTest() override { close(); }

  // Two turns: applies and publishes what was submitted.
  virtual void run_writer() {
    store->step();
    store->step();
  }

  // Makes one unary call as a front does; `reply` gets the serialized reply.
  Status call(UnaryState& state, const google::protobuf::MessageLite& request, std::string& reply) {
    const std::string bytes = request.SerializeAsString();
    google::protobuf::io::ArrayInputStream in(bytes.data(), static_cast<int>(bytes.size()));
    EXPECT_TRUE(state.parse(in, bytes.size()));
    DeskSubmission::attach(state.pending, desk);
    if (state.may_wait()) state.pending.deadline = kNever;
    Started started = state.start(*session);
    if (started.submitted) {
      run_writer();
      started.status = state.finish(*session);
    }
    if (started.status.ok()) {
      reply.resize(state.reply_size());
      state.write_reply(reinterpret_cast<std::uint8_t*>(reply.data()));
    }
    return started.status;
  }

  v1::PutResponse put(const v1::PutRequest& request) {
    DeskSubmission call(desk);
    const Started outcome = kv->put(request, call);
    EXPECT_TRUE(outcome.submitted) << outcome.status.message;
    run_writer();
    EXPECT_FALSE(desk.back.empty());
    v1::PutResponse reply;
    EXPECT_EQ(kv->finish_put(call, reply).message, "");
    return reply;
  }
  v1::PutResponse put(const std::string& key, const std::string& value) {
    v1::PutRequest request;
    request.set_key(key);
    request.set_value(value);
    return put(request);
  }
  v1::GetResponse get(const std::string& key) {
    v1::GetRequest request;
    request.set_key(key);
    v1::GetResponse reply;
    DeskSubmission call(desk);
    EXPECT_TRUE(kv->get(*session, request, reply, call).status.ok());
    return reply;
  }

  ManualClock clock;
  RequestLimits limits;
  HealthState health;
  Desk desk;
  std::unique_ptr<Store> store;
  std::unique_ptr<KvService> kv;
  std::unique_ptr<AdminService> admin;
  std::unique_ptr<Session> session;
};

}  // namespace flashkv::test
