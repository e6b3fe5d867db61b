// One thread of benchmark load: many calls in flight over a few connections.
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

// What a load did.
struct LoadResult {
  LatencyHistogram latency_ns;
  std::uint64_t answered = 0;                    // OK
  std::map<client::Errc, std::uint64_t> errors;  // everything else
  client::Errc first_code{};                     // of the first error, with its text
  std::string first_error;
  void merge(const LoadResult& other);
};

// Purpose: issues Gets, MultiGets and Puts as the settings say, closed loop or at a fixed rate. At a fixed
//          rate a request's latency counts from the moment it was due, not from when it could be sent, so
//          that a slow answer is felt by those queued behind it (no coordinated omission).
// Usage:   Load load(clients, settings, zipf, seed, rate); LoadResult r = load.run(until, budget);
// Threads: run() on one thread; each thread has its own Load. The budget is shared by all.
// Lifetime: the clients outlive it.
class Load {
 public:
  using Clock = std::chrono::steady_clock;

  // rate: requests a second of this load alone, 0 = closed loop.
  Load(std::vector<client::Client>& clients, const BenchSettings& settings, std::shared_ptr<const Zipf> zipf,
       std::uint64_t seed, double rate);
  ~Load();

  // Until the moment is reached, the budget of requests is used up or the program is interrupted; then
  // waits for what is in flight.
  LoadResult run(Clock::time_point until, std::atomic<std::int64_t>& budget);

 private:
  struct Call;
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace flashkv::kvctl
