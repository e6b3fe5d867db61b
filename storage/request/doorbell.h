// How a submitter wakes the writer, at no cost while it is awake.
#pragma once

#include <atomic>
#include <cstdint>

#include "storage/sync/clock.h"

namespace flashkv {

// Purpose: lets one thread sleep until others have work for it or a time has come.
// Usage:   writer:     bell.arm(); if (queue.idle()) bell.sleep(ns); bell.disarm();
//          submitter:  queue.push(r); bell.ring();
// Threads: ring() from any, the rest from the sleeper.
// Cost:    ring() is one load while the sleeper is awake; one futex call by the one that finds it asleep.
//
// No wake-up is lost: arm() stands before the sleeper's look at the queue and push() before the submitter's
// look at the bell, all four sequentially consistent, so at least one of them sees the other.
class Doorbell {
 public:
  void arm() noexcept { asleep_.store(1, std::memory_order_seq_cst); }
  void disarm() noexcept { asleep_.store(0, std::memory_order_relaxed); }
  // Returns after `limit` ns at the latest, at once when the bell has been rung since arm().
  void sleep(Nanos limit) noexcept;
  void ring() noexcept {
    if (asleep_.load(std::memory_order_seq_cst) != 0) wake();
  }

 private:
  void wake() noexcept;
  std::atomic<std::uint32_t> asleep_{0};
};

}  // namespace flashkv
