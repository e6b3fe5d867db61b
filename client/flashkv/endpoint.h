// Server addresses as users write them, completed for gRPC.
#pragma once

#include <string>
#include <string_view>

#include "client/flashkv/result.h"

namespace flashkv::client {

// Purpose: completes HOST[:PORT] to HOST:7400 and refuses what is not an address. gRPC would guess: it takes
//          a missing port as 443, and 99999 as 34463.
// Usage:   auto full = complete_endpoint("[::1]");   // "[::1]:7400"
// Cost:    does not resolve names.
// Limits:  addresses for gRPC's own resolvers (dns:, ipv4:, ipv6:, unix:, unix-abstract:, vsock:) are left
//          unchanged.
// Errors:  kInvalidArgument (empty, a URL, a port outside 1 to 65535).
Result<std::string> complete_endpoint(std::string_view endpoint);

}  // namespace flashkv::client
