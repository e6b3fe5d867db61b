// What happened between two looks at a server's statistics.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "flashkv/v1/admin.pb.h"

namespace flashkv::kvctl {

struct Snapshot {
  v1::StatsResponse stats;
  std::chrono::steady_clock::time_point taken;  // when the answer was here
};

// Upper bounds, in microseconds.
struct LatencyBounds {
  std::uint64_t p50 = 0, p99 = 0, max = 0;
};

struct MethodRates {
  std::string name;
  std::uint64_t total = 0;              // since the server's start
  std::optional<double> calls, errors;  // per second
  std::optional<LatencyBounds> latency;
};

// Per second, unless noted. Empty: the server does not say, or there is nothing to compare with.
struct Rates {
  std::optional<double> seconds;  // the length of the interval
  std::optional<double> requests, errors, mutations, rejected, publishes, deferrals, expired, evicted, slow;
  std::optional<double> cpu;         // processors in use
  std::optional<double> batch_ops;   // operations per batch, on average
  std::vector<MethodRates> methods;  // the most called first
};

// Purpose: the rates and latencies of the interval between two snapshots of one server.
// Usage:   const Rates rates = rates_between(&before, now);
// Threads: any; it is a pure function.
// Limits:  counters begin at 0 when a server starts. If it has started since `before`, or `before` is null,
//          there are no rates. The interval is taken from the server's clock, so that a slow answer does not
//          change a rate.
Rates rates_between(const Snapshot* before, const Snapshot& now);

// Whether the server counts the memory that --max-memory bounds.
bool counts_memory(const v1::StatsResponse& stats);

}  // namespace flashkv::kvctl
