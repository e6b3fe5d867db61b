// Threads that wait for the next publish.
#pragma once

#include <array>
#include <cstddef>

#include "storage/request/request.h"
#include "storage/sync/sync.h"

namespace flashkv {

// The memory orders of PublishWaits.
//
// Invariant W1: no publish is missed. A thread arms its place and then reads the published revision; the
// writer stores that revision and then looks at the places. All of these operations are sequentially
// consistent, and so is the count of places: the writer finds the place armed, or the thread sees the
// revision.
// Invariant W2: what is handed over is the request that was armed, once, and as its thread left it. Place and
// request are one word, which the writer or the thread takes by an exchange: in between, the thread may leave
// and another may join.
struct PublishWaitOrders {
  static constexpr sync::MemoryOrder kArm = sync::kSeqCst;    // (W1)
  static constexpr sync::MemoryOrder kReach = sync::kSeqCst;  // (W1)
  static constexpr sync::MemoryOrder kLook = sync::kSeqCst;   // (W1)
  static constexpr sync::MemoryOrder kTake = sync::kAcquire;  // (W2)
  static constexpr sync::MemoryOrder kJoin = sync::kAcquire;  // the one before has left
  static constexpr sync::MemoryOrder kLeave = sync::kRelease;
};

// Purpose: hands a thread's own request back to it at the next publish: one wake-up a thread and publish,
//          however many watches the thread serves.
// Usage:   thread:  auto* place = waits.join(request);   // null: all taken
//                   place->arm();  if (history.published() > seen && place->disarm()) look_again();
//          writer, after a publish:  waits.take([&](Request& r) { done.add(r); });
// Threads: join(), and what it returns, on the thread; take() on the writer.
// Lifetime: leave() before the request's sink goes; a request that take() handed over still arrives there.
// Cost:    take(): a load for each place that was ever used.
// Limits:  `Places` threads.
template <typename Item, std::size_t Places, typename Orders>
class BasicPublishWaits {
 public:
  static constexpr std::size_t kPlaces = Places;

  class Place {
   public:
    void arm() noexcept { armed_.store(request_, Orders::kArm); }
    // False: it was not armed, or the request is on its way.
    bool disarm() noexcept { return armed_.exchange(nullptr, sync::kRelaxed) != nullptr; }
    void leave() noexcept {
      disarm();
      used_.store(false, Orders::kLeave);
    }

   private:
    friend class BasicPublishWaits;
    sync::Atomic<bool> used_{false};
    sync::Atomic<Item*> armed_{nullptr};
    sync::Plain<Item*> request_{nullptr};  // the thread's
  };

  Place* join(Item& request) noexcept {
    for (std::size_t i = 0; i < kPlaces; ++i) {
      if (places_[i].used_.exchange(true, Orders::kJoin)) continue;
      places_[i].request_ = &request;
      std::size_t seen = reached_.load(Orders::kReach);
      while (seen <= i && !reached_.compare_exchange_weak(seen, i + 1, Orders::kReach, sync::kRelaxed)) {
      }
      return &places_[i];
    }
    return nullptr;
  }

  template <typename Give>
  void take(Give give) noexcept {
    const std::size_t reached = reached_.load(Orders::kReach);
    for (std::size_t i = 0; i < reached; ++i) {
      sync::Atomic<Item*>& armed = places_[i].armed_;
      if (armed.load(Orders::kLook) == nullptr) continue;
      if (Item* const request = armed.exchange(nullptr, Orders::kTake)) give(*request);
    }
  }

 private:
  std::array<Place, kPlaces> places_;
  sync::Atomic<std::size_t> reached_{0};  // places below it were used
};
using PublishWaits = BasicPublishWaits<Request, 512, PublishWaitOrders>;

}  // namespace flashkv
