// The gRPC side of a Client: channel, stubs, deadlines and errors. Not installed.
#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>

#include "client/flashkv/client.h"
#include "flashkv/v1/admin.grpc.pb.h"
#include "flashkv/v1/kv.grpc.pb.h"
#include "grpc/health/v1/health.grpc.pb.h"

namespace flashkv::client {

// Purpose: the channel and the stubs that carry a Client's calls.
// Threads: stubs and channel are safe to use from any thread.
struct Transport {
  std::shared_ptr<grpc::Channel> channel;
  std::unique_ptr<v1::KV::Stub> kv;
  std::unique_ptr<v1::Admin::Stub> admin;
  std::unique_ptr<grpc::health::v1::Health::Stub> health;
  std::string authorization;  // value of the metadata entry; empty = none

  // Adds the authorization and, unless `timeout` is zero, a deadline.
  void prepare(grpc::ClientContext& context, std::chrono::milliseconds timeout) const;
};

// Requires a complete endpoint (endpoint.h).
// Errors: as Client::open.
Result<std::unique_ptr<Transport>> connect(const ClientOptions& options);

// The error of a finished call. `context` holds its trailers; null = none.
Error error_of(const grpc::Status& status, const grpc::ClientContext* context);

}  // namespace flashkv::client
