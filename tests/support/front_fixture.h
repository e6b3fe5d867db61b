// The gRPC front over a store whose writer runs when the test says so, and a client.
#pragma once

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <string>
#include <thread>

#include "flashkv/v1/admin.grpc.pb.h"
#include "flashkv/v1/kv.grpc.pb.h"
#include "server/front/grpc/grpc_server.h"
#include "server/service/admin_service.h"
#include "server/service/kv_service.h"
#include "tests/support/calls.h"

namespace flashkv::test {

// A client's context with a deadline far enough for any machine, so that a hang fails.
struct Patient : grpc::ClientContext {
  Patient() { set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(60)); }
};

// The memory of this process: resident, or what a sanitizer counts, as it keeps freed memory for a while.
std::uint64_t held_bytes();

class FrontTest : public testing::Test {
 protected:
  FrontTest();
  ~FrontTest() override { stop(); }

  // Serves with the present `config`. Without run_writer() nothing is applied.
  void serve();
  void run_writer() { store->start(); }
  // As Daemon does it.
  void drain();
  void stop();

  // A connection of its own.
  std::shared_ptr<grpc::Channel> connect();
  grpc::Status put(const std::string& key, const std::string& value);
  // The value, or "(none)".
  std::string get(const std::string& key);
  // Answers so far, of this method and code.
  std::uint64_t count(std::string_view method, Code code) const;
  // Waits until `done()`, and fails after a minute.
  template <typename Condition>
  static void wait_until(Condition done) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (!done()) {
      ASSERT_LT(std::chrono::steady_clock::now(), end) << "waited in vain";
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }

  Config config;
  HealthState health;
  std::unique_ptr<Store> store;
  std::unique_ptr<KvService> kv_service;
  std::unique_ptr<AdminService> admin_service;
  std::unique_ptr<GrpcServer> server;
  std::shared_ptr<grpc::Channel> channel;
  std::unique_ptr<v1::KV::Stub> kv;
  std::unique_ptr<v1::Admin::Stub> admin;
};

}  // namespace flashkv::test
