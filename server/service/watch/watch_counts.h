// How many watches there are, and how far behind, over all request threads.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <list>
#include <mutex>

#include "storage/sync/live_copy.h"

namespace flashkv {

// One thread's watches at one moment, or all threads'.
struct WatchNumbers {
  std::uint64_t watches = 0;
  std::uint64_t behind = 0;                  // not synced
  std::uint64_t oldest = ~std::uint64_t{0};  // the lowest revision that one of them has read up to
  std::uint64_t buffered_bytes = 0;          // replies that wait to be sent
};

// Purpose: admits watches up to --max-watches and adds up the threads' numbers.
// Usage:   if (!counts.admit(cost)) refuse;  ...; counts.leave(cost);
//          auto* own = counts.join();  own->show(numbers);  counts.leave(own);
// Threads: any.
// Limits:  a watch costs 1, and 1 more for each KiB of its keys: so what all of them hold is bounded too.
class WatchCounts {
 public:
  using Shown = LiveCopy<WatchNumbers>;

  static std::uint64_t cost_of(std::size_t key_bytes) noexcept { return 1 + key_bytes / 1024; }

  bool admit(std::uint64_t cost, std::uint64_t most) noexcept {
    if (used_.fetch_add(cost, std::memory_order_relaxed) + cost <= most) return true;
    leave(cost);
    return false;
  }
  void leave(std::uint64_t cost) noexcept { used_.fetch_sub(cost, std::memory_order_relaxed); }

  Shown* join() {
    const std::lock_guard lock(mutex_);
    Shown& shown = shown_.emplace_back();
    shown.show({});
    return &shown;
  }
  void leave(Shown* shown) {
    const std::lock_guard lock(mutex_);
    shown_.remove_if([shown](const Shown& each) { return &each == shown; });
  }
  WatchNumbers sum() const {
    const std::lock_guard lock(mutex_);
    WatchNumbers sum;
    for (const Shown& each : shown_) {
      const WatchNumbers n = each.copy();
      sum.watches += n.watches;
      sum.behind += n.behind;
      sum.oldest = std::min(sum.oldest, n.oldest);
      sum.buffered_bytes += n.buffered_bytes;
    }
    return sum;
  }

 private:
  std::atomic<std::uint64_t> used_{0};
  mutable std::mutex mutex_;
  std::list<Shown> shown_;
};

}  // namespace flashkv
