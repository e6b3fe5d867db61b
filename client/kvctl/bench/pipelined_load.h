// One thread of a benchmark that pipelines its calls.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "client/flashkv/client.h"
#include "client/kvctl/bench/key_stream.h"
#include "client/kvctl/bench/load.h"

namespace flashkv::kvctl {

// Purpose: as Load, with `pipeline` calls in a message and as many messages in flight as Load has calls. In a
//          closed loop a message is sent when it is full; at a fixed rate, when no other call is due. Latency
//          counts from when a call was due, the wait for its message to fill included.
// Usage:   PipelinedLoad load(clients, settings, zipf, seed, rate); LoadResult r = load.run(until, budget);
// Threads: each thread has its own; all share the budget. Each connection has threads of the library.
// Lifetime: the clients must outlive it.
class PipelinedLoad {
 public:
  // `rate`: requests per second of this load, 0 = closed loop.
  PipelinedLoad(std::vector<client::Client>& clients, const BenchSettings& settings,
                std::shared_ptr<const Zipf> zipf, std::uint64_t seed, double rate);
  ~PipelinedLoad();

  // Runs until the given time, until the budget of requests is spent, the program is interrupted or a
  // connection breaks; then waits for the calls in flight. Once.
  LoadResult run(Load::Clock::time_point until, std::atomic<std::int64_t>& budget);

 private:
  class Connection;
  bool issue(Load::Clock::time_point due);
  Load::Clock::time_point due(Load::Clock::time_point now) const;

  const BenchSettings& settings_;
  KeyStream keys_;
  const double rate_;
  std::vector<std::unique_ptr<Connection>> connections_;
  Load::Clock::time_point begin_;
  std::uint64_t issued_ = 0;
};

}  // namespace flashkv::kvctl
