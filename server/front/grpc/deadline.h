// gRPC's deadlines and statuses in the store's terms.
#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/status.h>

#include <chrono>
#include <utility>

#include "storage/request/status.h"
#include "storage/sync/clock.h"

namespace flashkv {

// When the client gives up, on the store's clock; kNever when it does not.
inline Nanos deadline_of(const grpc::ServerContext& context, const Clock& clock) {
  using Wall = std::chrono::system_clock;
  const Wall::time_point deadline = context.deadline();
  // So far away that it means none, and its nanoseconds would not fit.
  if (deadline > Wall::now() + std::chrono::hours(24 * 365)) return kNever;
  const auto left = std::chrono::duration_cast<std::chrono::nanoseconds>(deadline - Wall::now()).count();
  const Nanos now = clock.now();
  return left > kNever - now ? kNever : now + left;
}

inline grpc::Status as_grpc(Status status) {
  return {static_cast<grpc::StatusCode>(status.code), std::move(status.message)};
}

}  // namespace flashkv
