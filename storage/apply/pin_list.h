// The pins that are out.
#pragma once

#include <cstdint>

#include "storage/apply/staged_state.h"
#include "storage/record/store_limits.h"
#include "storage/request/doorbell.h"
#include "storage/request/pinned_state.h"
#include "storage/request/request_queue.h"
#include "storage/request/status.h"
#include "storage/sync/clock.h"

namespace flashkv {

// Purpose: gives out pins of the published state, takes them back, and revokes the oldest when what pins hold
//          is too much.
// Usage:   PinPtr pin = pins.take(now, bell, why);
//          pins.take_back(request);                     // a kReturnPin
//          if (pins.revoke_oldest()) ask_again_soon();
// Threads: the writer's.
// Lifetime: borrows everything. Whoever still has a pin when it goes must not touch that again.
// Cost:    take() allocates twice; the rest goes over the pins at most.
// Errors:  take(): null and why.
class PinList {
 public:
  PinList(StagedState& staged, RequestQueue& queue, const StoreLimits& limits) noexcept
      : staged_(staged), queue_(queue), limits_(limits) {}
  PinList(const PinList&) = delete;
  PinList& operator=(const PinList&) = delete;
  ~PinList();

  PinPtr take(Nanos now, Doorbell& bell, Status& why) noexcept;
  void take_back(Request& request) noexcept;
  // While pins hold more than max_pinned_bytes. True: the oldest is in a section, at whose end it is revoked;
  // a later call frees what it held.
  bool revoke_oldest() noexcept;

  // Not returned yet.
  std::uint64_t size() const noexcept { return size_; }
  std::uint64_t taken() const noexcept { return taken_; }
  std::uint64_t revoked() const noexcept { return revoked_; }
  struct Oldest {
    std::uint64_t revision = 0;
    Nanos taken_at = 0;
  };
  // Of those that hold something; zeros without any.
  Oldest oldest() const noexcept;

 private:
  PinnedState* oldest_held() const noexcept;
  void free(PinnedState& pin) noexcept;

  StagedState& staged_;
  RequestQueue& queue_;
  const StoreLimits& limits_;
  PinnedState* oldest_ = nullptr;
  PinnedState* newest_ = nullptr;
  PinnedState* condemned_ = nullptr;  // being revoked, in a section when last looked at
  std::uint64_t size_ = 0;
  std::uint64_t taken_ = 0;
  std::uint64_t revoked_ = 0;
};

}  // namespace flashkv
