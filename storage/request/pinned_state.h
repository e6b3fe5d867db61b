// A published state of the store, kept for whoever reads it in the order of its keys.
#pragma once

#include <cstdint>

#include "storage/request/doorbell.h"
#include "storage/request/pin_use.h"
#include "storage/request/request.h"
#include "storage/request/request_queue.h"

namespace flashkv {

namespace order {
struct Pin;
}

// Purpose: the state of one revision, which stays as it is while the writer goes on: a root of the ordered
//          index, and the instant that decides what has expired in it. What only pins still lead to costs
//          memory, so the writer may revoke them; hence a pin is read in short sections.
// Usage:   request.kind = RequestKind::kTakePin;  store.submit(request);    // completes with request.pin
//          PinPtr pin = std::move(request.pin);
//          OrderedScan scan(*pin, prefix_range("user:"));                   // storage/scan.h
//          pin.reset();                                                     // returns it
// Threads: sections from one thread at a time; the numbers from any. Returned from any.
// Lifetime: from the completion of the request that took it until the PinPtr goes, which must be before the
//          store does; Store::stop() may come first. The writer makes and frees it.
// Cost:    two read-modify-writes a section; returning it is one push into the queue, past its bounds.
// Limits:  StoreLimits::max_pins are out at a time; a kTakePin beyond that is refused, RESOURCE_EXHAUSTED.
//          Once pins hold more than max_pinned_bytes, the oldest are revoked until the others hold no more:
//          at once where no section is in progress, else at its end, and the writer never waits. So pins cost
//          at most max_pinned_bytes and what the writer replaces during a step, or a section where that takes
//          longer. What they held is freed in slices. A revoked pin counts in max_pins until it is returned.
class PinnedState : Request {
 public:
  PinnedState(const PinnedState&) = delete;
  PinnedState& operator=(const PinnedState&) = delete;

  // Keys of `revision`, those included that have expired and were not removed yet; of these keys, `expiring`
  // have an expiry, passed or not. `instant_ms`: what expires then or before is absent (Unix milliseconds).
  struct Numbers {
    std::uint64_t revision = 0;
    std::uint64_t keys = 0;
    std::uint64_t expiring = 0;
    std::int64_t instant_ms = 0;
  };
  const Numbers& numbers() const noexcept { return numbers_; }
  bool is_live(const Record& record) const noexcept {
    const std::int64_t at = record.expires_at_ms();
    return at == 0 || at > numbers_.instant_ms;
  }
  // The writer has taken the state away: no section begins any more.
  bool revoked() const noexcept { return use_.revoked(); }

 private:
  friend class PinSection;
  friend class PinList;
  friend struct ReturnPin;

  PinnedState(RequestQueue& queue, Doorbell& bell) noexcept : queue_(queue), bell_(bell) {
    kind = RequestKind::kReturnPin;
  }
  ~PinnedState() = default;

  Numbers numbers_;
  PinUse use_;
  const order::Pin* held_ = nullptr;  // the writer resets it once it has revoked the pin
  RequestQueue& queue_;
  Doorbell& bell_;
  // The writer's.
  PinnedState* newer_ = nullptr;
  PinnedState* older_ = nullptr;
  Nanos taken_at_ = 0;
};

}  // namespace flashkv
