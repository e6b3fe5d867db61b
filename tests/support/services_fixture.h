// A store whose writer the test runs, and the session of one request thread.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "server/service/admin_service.h"
#include "server/service/health_state.h"
#include "server/service/kv_service.h"
#include "server/service/session.h"
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
    admin = std::make_unique<AdminService>(*store, 2);
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
  void run_writer() {
    store->step();
    store->step();
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
