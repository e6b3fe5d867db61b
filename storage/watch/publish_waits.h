// Threads that wait for the next publish.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <thread>

#include "storage/request/request.h"

namespace flashkv {

// Purpose: hands a thread's own request back to it at the next publish: one wake-up a thread and publish,
//          however many watches the thread serves.
//
//          Invariant W1: no publish is missed. A thread arms its place and then reads the published revision;
//          the writer stores that revision and then looks at the places. All four operations are sequentially
//          consistent, so the writer finds the place armed, or the thread sees the revision.
// Usage:   thread:  auto* place = waits.join(request);   // null: all taken
//                   place->arm();  if (history.published() > seen && place->disarm()) look_again();
//          writer, after a publish:  waits.take([&](Request& r) { done.add(r); });
// Threads: join(), and what it returns, on the thread; take() on the writer.
// Lifetime: leave() before the request's sink goes; a request that take() handed over still arrives there.
// Cost:    take(): a load for each place that was ever used.
// Limits:  kPlaces threads.
class PublishWaits {
 public:
  static constexpr std::size_t kPlaces = 512;

  class Place {
   public:
    void arm() noexcept { armed_.store(true, std::memory_order_seq_cst); }
    // False: it was not armed, or the request is on its way.
    bool disarm() noexcept { return armed_.exchange(false, std::memory_order_seq_cst); }
    void leave() noexcept {
      disarm();
      used_.store(false, std::memory_order_release);
    }

   private:
    friend class PublishWaits;
    std::atomic<bool> used_{false};
    std::atomic<bool> armed_{false};
    Request* request_ = nullptr;
  };

  Place* join(Request& request) noexcept {
    for (std::size_t i = 0; i < kPlaces; ++i) {
      if (places_[i].used_.exchange(true, std::memory_order_acq_rel)) continue;
      places_[i].request_ = &request;
      std::size_t seen = reached_.load(std::memory_order_relaxed);
      while (seen <= i && !reached_.compare_exchange_weak(seen, i + 1, std::memory_order_seq_cst)) {
      }
      return &places_[i];
    }
    return nullptr;
  }

  template <typename Give>
  void take(Give give) noexcept {
    const std::size_t reached = reached_.load(std::memory_order_seq_cst);
    for (std::size_t i = 0; i < reached; ++i) {
      Place& place = places_[i];
      if (place.armed_.load(std::memory_order_seq_cst) && place.disarm()) give(*place.request_);
    }
  }

 private:
  std::array<Place, kPlaces> places_;
  std::atomic<std::size_t> reached_{0};  // places below it were used
};

}  // namespace flashkv
