// The parties of store_bench: one that writes in batches, one that reads without a pause, one that trickles.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "storage/store.h"

namespace flashkv::bench {

using Key = std::array<char, 16>;
Key key_of(std::uint64_t i) noexcept;

// On a processor of its own from here on, where there are two: else whoever wakes up may take that of a
// reader inside its guard.
void pin_to(int processor);

double thread_cpu_seconds() noexcept;

[[noreturn]] void give_up(const char* why);

constexpr unsigned long long ull(std::uint64_t n) noexcept { return n; }

// Counts answers, and those that were errors.
class CountingSink final : public CompletionSink {
 public:
  void complete(Request* first) noexcept override;
  std::uint64_t answers() const noexcept { return answers_.load(std::memory_order_acquire); }
  std::uint64_t errors() const noexcept { return errors_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> answers_{0};
  std::atomic<std::uint64_t> errors_{0};
};

// Purpose: Puts of 16-byte keys and values, as `requests` requests of `ops` operations each.
// Usage:   BatchWriter w(store, 1, 1'024);  w.put_scattered(keys);  use(w.written(), w.turns_seconds());
// Threads: one, which turns the writer too and times the turns: with one reader, two busy threads in all, on
//          processors 0 and 1.
// Lifetime: its store is not started.
class BatchWriter {
 public:
  BatchWriter(Store& store, std::size_t requests, std::size_t ops);

  // Keys first, first + 1, ... below `keys`.
  void put(std::uint64_t first, std::uint64_t keys);
  // Keys in no order, from 0 to `keys` - 1.
  void put_scattered(std::uint64_t keys);
  // The same in two steps: the records are made before the turns.
  void prepare_scattered(std::uint64_t keys);
  void turn_prepared() { turn(ops_.size()); }

  std::uint64_t written() const noexcept { return written_; }
  // What the store's turns took, waiting for readers included; and the processor time of it.
  double turns_seconds() const noexcept { return turns_seconds_; }
  double turns_cpu_seconds() const noexcept { return turns_cpu_seconds_; }

 private:
  void fill(std::size_t i, std::uint64_t key);
  void submit(std::size_t ops);
  void turn(std::size_t ops);

  Store& store_;
  std::size_t ops_per_request_;
  std::vector<Key> keys_;
  std::vector<Op> ops_;
  std::vector<Request> requests_;
  CountingSink sink_;
  std::uint64_t submitted_ = 0;
  std::uint64_t written_ = 0;
  std::uint64_t scatter_ = 0;
  double turns_seconds_ = 0;
  double turns_cpu_seconds_ = 0;
};

// Reads keys in no order without a pause, from its own thread, from construction until stop().
class BusyReader {
 public:
  BusyReader(Store& store, std::uint64_t keys);
  ~BusyReader() { stop(); }
  // The number of reads. Exits the program when a key was missing: the figures would mean nothing.
  std::uint64_t stop();

 private:
  void run(Store& store, std::uint64_t keys);
  std::atomic<bool> stopping_{false};
  std::uint64_t reads_ = 0;
  std::uint64_t missing_ = 0;
  std::thread thread_;
};

// Purpose: what the machine itself does to a thread that never sleeps: other guests, interrupts.
// Usage:   const Interruptions i = interruptions(5);   // spins so long, in seconds, on processor 1
struct Interruptions {
  // The part of all instants after which the thread stood still for so many us more: no wait for that thread
  // can be shorter.
  double over_10us = 0;
  double over_200us = 0;
  double longest_us = 0;
};
Interruptions interruptions(double seconds);

// Puts of 64 keys, the next when the last is published, for so long; the number of keys written.
std::uint64_t trickle(Store& store, std::uint64_t keys, double seconds);

}  // namespace flashkv::bench
