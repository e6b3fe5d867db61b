// The KV service's calls on one thread.
#pragma once

#include <memory>

#include "server/front/grpc/request_thread.h"
#include "server/front/grpc/served.h"

namespace flashkv {

std::unique_ptr<CallGroup> make_kv_calls(RequestThread& thread, ServedKv& service);
std::unique_ptr<CallGroup> make_admin_calls(RequestThread& thread, ServedAdmin& service);

}  // namespace flashkv
