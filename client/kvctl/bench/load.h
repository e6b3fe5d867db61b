// One thread of a benchmark: many calls in flight over a few connections.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "client/flashkv/client.h"
#include "client/kvctl/bench/key_stream.h"
#include "client/kvctl/histogram.h"

namespace flashkv::kvctl {

struct LoadResult {
  LatencyHistogram latency_ns;
  std::uint64_t answered = 0;                    // requests answered OK
  std::uint64_t hits = 0, misses = 0;            // keys that were read: found, not found
  std::map<client::Errc, std::uint64_t> errors;  // all other requests
  client::Errc first_code{};                     // of the first error
  std::string first_error;                       // its text
  void merge(const LoadResult& other);
};

// Purpose: issues Gets, MultiGets and Puts, in a closed loop or at a fixed rate. At a fixed rate, latency
//          counts from the time a request was due, not from when it was sent, so that a slow reply also
//          counts for the requests queued behind it (no coordinated omission).
// Usage:   Load load(clients, settings, zipf, seed, rate); LoadResult r = load.run(until, budget);
// Threads: each thread has its own Load; all share the budget.
// Lifetime: the clients must outlive it.
class Load {
 public:
  using Clock = std::chrono::steady_clock;

  // `rate`: requests per second of this Load, 0 = closed loop.
  Load(std::vector<client::Client>& clients, const BenchSettings& settings, std::shared_ptr<const Zipf> zipf,
       std::uint64_t seed, double rate);
  ~Load();

  // Runs until the given time, until the budget of requests is spent or the program is interrupted, then
  // waits for the calls in flight.
  LoadResult run(Clock::time_point until, std::atomic<std::int64_t>& budget);

 private:
  struct Call;
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace flashkv::kvctl
