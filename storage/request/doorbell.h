// How a submitter wakes the writer, at no cost while the writer is awake.
#pragma once

#include <algorithm>
#include <cstdint>

#include "storage/sync/clock.h"
#include "storage/sync/sync.h"

namespace flashkv {

// The memory orders of Doorbell.
//
// Invariant W1: no wake-up is lost. The sleeper arms the bell and then looks for work; a submitter adds work
// and then looks at the bell. All four operations are sequentially consistent, so the submitter sees the bell
// armed, or the sleeper sees the work. The work's two are the queue's (QueueOrders).
struct DoorbellOrders {
  static constexpr sync::MemoryOrder kArm = sync::kSeqCst;   // (W1)
  static constexpr sync::MemoryOrder kRing = sync::kSeqCst;  // (W1)
  // Timeouts run on a clock that stops while the machine is suspended, the store's does not: look at that one
  // this often.
  static constexpr Nanos kLongestSleep = 1'000 * kNanosPerMilli;
};

// Purpose: lets one thread sleep until others have work for it or its time has come.
// Usage:   writer:     bell.arm(); if (queue.idle()) bell.sleep(ns); bell.disarm();
//          submitter:  queue.push(r); bell.ring();
// Threads: ring() from any, the rest from the sleeper.
// Cost:    ring() is one load while the sleeper is awake; one futex call by the submitter that finds it
//          asleep.
template <typename Orders>
class BasicDoorbell {
 public:
  void arm() noexcept { asleep_.store(1, Orders::kArm); }
  // Relaxed: a submitter that still sees the bell armed makes a futex call for nothing.
  void disarm() noexcept { asleep_.store(0, sync::kRelaxed); }
  // Returns at once when the bell has been rung since arm(), after `limit` ns at the latest. Whether it was
  // rung.
  bool sleep(Nanos limit) noexcept {
    sync::wait_word(asleep_, 1, std::clamp<Nanos>(limit, 0, Orders::kLongestSleep));
    return asleep_.load(sync::kRelaxed) == 0;
  }
  void ring() noexcept {
    if (asleep_.load(Orders::kRing) != 0) wake();
  }

 private:
  // Relaxed: the exchange only picks the submitter that makes the call. One that finds the bell rung already
  // has added its work before the sleeper arms it again (W1).
  [[gnu::noinline, gnu::cold]] void wake() noexcept {
    if (asleep_.exchange(0, sync::kRelaxed) != 0) sync::wake_word(asleep_);
  }
  sync::Atomic<std::uint32_t> asleep_{0};
};
using Doorbell = BasicDoorbell<DoorbellOrders>;

}  // namespace flashkv
