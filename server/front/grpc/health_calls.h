// grpc.health.v1 on the request threads' own queues.
#pragma once

#include <memory>

#include "grpc/health/v1/health.grpc.pb.h"
#include "server/front/grpc/request_thread.h"

namespace flashkv {

using HealthService = grpc::health::v1::Health::WithRawMethod_Check<
    grpc::health::v1::Health::WithAsyncMethod_Watch<grpc::health::v1::Health::Service>>;

// Purpose: Check answers at once; Watch tells each change, and ends with UNAVAILABLE when the server drains.
//          Names: "" and "flashkv.v1.KV"; another is NOT_FOUND to Check and SERVICE_UNKNOWN to Watch.
std::unique_ptr<CallGroup> make_health_calls(RequestThread& thread, HealthService& service);

}  // namespace flashkv
