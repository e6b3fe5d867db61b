// The latest requests that took long.
#pragma once

#include <atomic>
#include <cstdint>
#include <list>
#include <mutex>
#include <vector>

#include "server/service/method.h"
#include "storage/sync/clock.h"

namespace flashkv {

// What is kept of a slow request: never a key, a value or a token.
struct SlowRequest {
  std::uint64_t id = 0;  // from 1 on
  Nanos came = 0;        // when its message had been read
  Nanos took = 0;
  std::uint64_t request_bytes = 0;
  std::uint64_t reply_bytes = 0;
  MethodId method = kUnserved;
  Code code{};
};

// Purpose: keeps the latest slow requests, in one ring a request thread, so that threads with many of them do
//          not wait for each other; they share the counter that numbers them.
// Usage:   SlowLog::Ring& ring = log.open();                // a thread's own
//          if (took >= log.threshold()) ring.add(request);
//          SlowLog::Latest latest = log.read(10, false);
// Threads: a ring's add() is its thread's; everything else any.
// Lifetime: a ring and its entries stay when its thread ends.
// Cost:    add(): a counter and the ring's own lock, which only read() competes for.
// Limits:  each ring has room for `entries`, allocated by open(); read() copies a ring under its lock.
class SlowLog {
 public:
  SlowLog(Nanos threshold, std::uint64_t entries) : threshold_(threshold), entries_(entries) {}

  class Ring {
   public:
    Ring(SlowLog& log, std::uint64_t entries) : log_(log), kept_(entries) {}
    void add(SlowRequest request) noexcept;

   private:
    friend class SlowLog;
    void copy_to(std::vector<SlowRequest>& to, std::uint64_t most, bool reset);

    SlowLog& log_;
    std::mutex mutex_;
    std::vector<SlowRequest> kept_;
    std::uint64_t next_ = 0;   // entries ever added
    std::uint64_t first_ = 0;  // those before it were forgotten
  };
  // What is kept, latest first, and how many there have been.
  struct Latest {
    std::vector<SlowRequest> requests;
    std::uint64_t total = 0;
  };

  Ring& open();
  // The latest `limit` of them; 0 = all. `reset` then forgets all, those beyond the limit too, and nothing
  // that was not there yet.
  Latest read(std::uint64_t limit, bool reset);
  std::uint64_t total() const noexcept { return total_.load(std::memory_order_relaxed); }
  Nanos threshold() const noexcept { return threshold_; }

 private:
  const Nanos threshold_;
  const std::uint64_t entries_;
  std::atomic<std::uint64_t> total_{0};
  std::mutex mutex_;  // of the list
  std::list<Ring> rings_;
};

}  // namespace flashkv
