// Limits on a single request.
#pragma once

#include <cstddef>
#include <cstdint>

#include "storage/sync/clock.h"

namespace flashkv {

// Set by the flags of the same names. What a key, a value and the queue may hold is in StoreLimits.
struct RequestLimits {
  std::uint64_t max_request_bytes = std::uint64_t{16} << 20;
  std::uint64_t max_multiget_keys = 10'000;
  Nanos scan_timeout = 30'000 * kNanosPerMilli;  // a scan ends whose client takes no page for so long
  std::uint64_t max_watches = 100'000;
  Nanos slow_log_threshold = 10 * kNanosPerMilli;  // a request that takes it or longer is slow; 0 = every one
  std::uint64_t slow_log_entries = 128;
};

// Fixed: part of the API.
inline constexpr std::uint64_t kMaxReplyBytes = std::uint64_t{16} << 20;  // values of one MultiGet
inline constexpr std::size_t kMaxWriteOps = 10'000;                       // operations of one WriteRequest
inline constexpr std::size_t kMaxTxnItems = 1'024;                        // of each list of a TxnRequest
inline constexpr std::int64_t kMaxTtlMs = std::int64_t{100} * 365 * 24 * 3600 * 1000;

// Room in a message for everything but its keys and values: field numbers, lengths, other fields.
inline constexpr std::uint64_t kEnvelopeBytes = std::uint64_t{64} << 10;

}  // namespace flashkv
