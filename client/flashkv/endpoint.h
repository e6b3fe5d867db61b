// The address of a server, as people write it and as gRPC takes it.
#pragma once

#include <string>
#include <string_view>

#include "client/flashkv/result.h"

namespace flashkv::client {

// Purpose: completes HOST[:PORT] to HOST:7400 and refuses what is not an address, before gRPC guesses: it
//          takes a missing port for 443, and 99999 for 34463.
// Usage:   auto full = complete_endpoint("[::1]");   // "[::1]:7400"
// Cost:    no name is resolved here.
// Limits:  names of gRPC's own resolvers (dns:, ipv4:, ipv6:, unix:, unix-abstract:, vsock:) are left as
//          they are.
// Errors:  kInvalidArgument (empty, a URL, a port outside 1 to 65535).
Result<std::string> complete_endpoint(std::string_view endpoint);

}  // namespace flashkv::client
