// A thread that writes while others read.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <thread>
#include <utility>
#include <vector>

#include "tests/bench/engines/machine.h"
#include "tests/bench/engines/table_writer.h"
#include "tests/bench/interleaved.h"

namespace flashkv::bench {

// Purpose: repeats a turn on the first processor until it is stopped.
// Usage:   WriterThread writer([&] { table_writer.put(keys, 64); });  sleep;  double s = writer.stop();
class WriterThread {
 public:
  explicit WriterThread(std::function<void()> turn)
      : thread_([this, turn = std::move(turn)] {
          pin_to_first();
          const double began = wall_seconds();
          while (!stop_.load(std::memory_order_relaxed)) turn();
          seconds_ = wall_seconds() - began;
        }) {}
  WriterThread(const WriterThread&) = delete;
  WriterThread& operator=(const WriterThread&) = delete;
  ~WriterThread() { stop(); }

  // Seconds that it ran.
  double stop() {
    stop_.store(true, std::memory_order_relaxed);
    if (thread_.joinable()) thread_.join();
    return seconds_;
  }

 private:
  std::atomic<bool> stop_{false};
  double seconds_ = 0;
  std::thread thread_;
};

// Sleeps so long, or until the writer has nothing more to do.
inline void sleep_unless(const std::atomic<bool>& ended, double seconds) {
  constexpr double kLook = 1e-3;
  for (const double until = wall_seconds() + seconds; wall_seconds() < until && !ended.load();) {
    std::this_thread::sleep_for(std::chrono::duration<double>(std::min(kLook, seconds)));
  }
}

// Keys below `keys`, in no order.
inline std::vector<Key> random_keys(std::uint64_t& state, std::uint64_t keys, std::size_t count) {
  std::vector<Key> drawn;
  drawn.reserve(count);
  for (std::size_t i = 0; i < count; ++i) drawn.emplace_back((next_random(state) >> 16) % keys);
  return drawn;
}

}  // namespace flashkv::bench
