// How long requests took, by method.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "server/service/method.h"
#include "storage/store.h"

namespace flashkv {

// Bucket i holds what took less than 2^i microseconds and at least half of that; bucket 0 what took less than
// one, and the last one all from 2^30 (18 minutes).
inline constexpr std::size_t kLatencyBuckets = 32;

constexpr std::size_t latency_bucket(std::uint64_t us) noexcept {
  return std::min<std::size_t>(static_cast<std::size_t>(std::bit_width(us)), kLatencyBuckets - 1);
}

// A snapshot of one method's latencies.
struct MethodLatency {
  std::uint64_t total_ns = 0;
  std::uint64_t max_ns = 0;
  std::array<std::uint64_t, kLatencyBuckets> buckets{};
};
using MethodLatencies = std::array<MethodLatency, kMaxMethods>;

// Purpose: one request thread's own latencies: no two threads write to the same cache line.
// Threads: add() on its own thread; add_to() on any.
// Cost:    add(): two loads and stores, and a third load.
// Limits:  a sum taken during add() may hold the request in some of bucket, total and maximum only.
class alignas(64) LatencyCounters {
 public:
  void add(MethodId method, std::uint64_t ns) noexcept {
    Live& of = methods_[method];
    of.buckets[latency_bucket(ns / kNanosPerMicro)].add();
    of.total_ns.add(ns);
    if (ns > of.max_ns.get()) of.max_ns.set(ns);
  }
  void add_to(MethodLatencies& sum) const noexcept {
    for (std::size_t m = 0; m < kMaxMethods; ++m) {
      for (std::size_t b = 0; b < kLatencyBuckets; ++b) sum[m].buckets[b] += methods_[m].buckets[b].get();
      sum[m].total_ns += methods_[m].total_ns.get();
      sum[m].max_ns = std::max(sum[m].max_ns, methods_[m].max_ns.get());
    }
  }

 private:
  struct Live {
    LiveCounter total_ns;
    LiveCounter max_ns;
    std::array<LiveCounter, kLatencyBuckets> buckets;
  };
  std::array<Live, kMaxMethods> methods_;
};

}  // namespace flashkv
