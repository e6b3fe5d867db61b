// Conversions between gRPC's deadlines and statuses and the store's.
#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/status.h>

#include <chrono>
#include <utility>

#include "storage/request/status.h"
#include "storage/sync/clock.h"

namespace flashkv {

// The call's deadline on the store's clock; kNever if it has none.
inline Nanos deadline_of(const grpc::ServerContext& context, const Clock& clock) {
  using Wall = std::chrono::system_clock;
  const Wall::time_point deadline = context.deadline();
  // More than a year away counts as none; its nanoseconds may not fit.
  if (deadline > Wall::now() + std::chrono::hours(24 * 365)) return kNever;
  const auto left = std::chrono::duration_cast<std::chrono::nanoseconds>(deadline - Wall::now()).count();
  const Nanos now = clock.now();
  return left > kNever - now ? kNever : now + left;
}

inline grpc::Status as_grpc(Status status) {
  return {static_cast<grpc::StatusCode>(status.code), std::move(status.message)};
}

}  // namespace flashkv
