// The gRPC front over a store whose writer runs when the test says so, with a client.
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

// A client context with a deadline that no working machine reaches, so that a hang fails.
struct Patient : grpc::ClientContext {
  Patient() { set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(60)); }
};

// This process's memory: what is resident, or under a sanitizer, which delays freeing, what it counts.
std::uint64_t held_bytes();

class FrontTest : public testing::Test {
 protected:
  FrontTest();
  ~FrontTest() override { stop(); }

  // Starts serving with the current `config`. Nothing is applied without run_writer().
  void serve();
  void run_writer() { store->start(); }
  // Drains the way Daemon does.
  void drain();
  void stop();

  // A new connection.
  std::shared_ptr<grpc::Channel> connect();
  grpc::Status put(const std::string& key, const std::string& value);
  // The value, or "(none)".
  std::string get(const std::string& key);
  // The number of replies so far of this method with this code.
  std::uint64_t count(std::string_view method, Code code) const;
  // Waits until done() returns true; fails after a minute.
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
