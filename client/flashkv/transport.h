// The gRPC side of a Client: channel, stubs, deadlines, errors. For sources that include gRPC anyway.
#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>

#include "client/flashkv/client.h"
#include "flashkv/v1/admin.grpc.pb.h"
#include "flashkv/v1/kv.grpc.pb.h"
#include "grpc/health/v1/health.grpc.pb.h"

namespace flashkv::client {

// Purpose: what a Client's calls go through.
// Threads: stubs and channel from any thread.
struct Transport {
  std::shared_ptr<grpc::Channel> channel;
  std::unique_ptr<v1::KV::Stub> kv;
  std::unique_ptr<v1::Admin::Stub> admin;
  std::unique_ptr<grpc::health::v1::Health::Stub> health;
  std::string authorization;  // the metadata's value; empty = none

  // Credentials on every call, the deadline only where `timeout` is not zero (streams have none).
  void prepare(grpc::ClientContext& context, std::chrono::milliseconds timeout) const;
};

// Errors: as Client::open.
Result<std::unique_ptr<Transport>> connect(const ClientOptions& options);

// Of a finished call; the context for its trailers, null where there are none.
Error error_of(const grpc::Status& status, const grpc::ClientContext* context);

v1::Ack to_wire(Ack ack) noexcept;
KeyValue from_wire(v1::KeyValue&& kv);

}  // namespace flashkv::client
