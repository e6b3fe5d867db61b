// Who may look at a pinned state: its holder, in sections, until the writer takes it away.
#pragma once

#include <cstdint>

#include "storage/sync/sync.h"

namespace flashkv {

// The memory orders of PinUse. Invariant P1: the last section is over before the writer frees what it read,
// and none begins after that.
struct PinOrders {
  // Orders nothing: what a section reads was there when the pin was handed over, and stays until revoke().
  static constexpr sync::MemoryOrder kEnter = sync::kRelaxed;
  static constexpr sync::MemoryOrder kLeave = sync::kRelease;   // (P1)
  static constexpr sync::MemoryOrder kRevoke = sync::kAcquire;  // (P1)
};

// Purpose: lets the writer take a pin away without waiting for its holder, and without the holder noticing in
//          the middle of a section.
//
//            free ──enter──> inside ──leave──> free
//             │                 │ revoke
//             │ revoke          v
//             │            condemned
//             v                 │ leave
//          revoked <────────────┘
// Usage:   holder:  if (!use.enter()) give_up();  read;  use.leave();
//          writer:  if (use.revoke()) free_all();     // else: ask again, a section is in progress
// Threads: enter() and leave() from one at a time, revoke() from the writer, revoked() from any.
// Cost:    enter() and leave(): one read-modify-write each, of a line that the writer leaves alone until it
//          revokes.
template <typename Orders>
class BasicPinUse {
 public:
  // False: revoked.
  bool enter() noexcept {
    std::uint32_t use = kFree;
    return use_.compare_exchange_strong(use, kInside, Orders::kEnter, sync::kRelaxed);
  }
  void leave() noexcept {
    std::uint32_t use = kInside;
    if (!use_.compare_exchange_strong(use, kFree, Orders::kLeave, sync::kRelaxed))
      use_.store(kRevoked, Orders::kLeave);
  }
  // True: no section is in progress, and none will be. False: the one in progress is the last; not over yet.
  bool revoke() noexcept {
    while (true) {
      std::uint32_t use = kFree;
      if (use_.compare_exchange_strong(use, kRevoked, Orders::kRevoke, Orders::kRevoke)) return true;
      if (use == kRevoked) return true;
      if (use == kCondemned) return false;
      if (use_.compare_exchange_strong(use, kCondemned, sync::kRelaxed, sync::kRelaxed)) return false;
    }
  }
  bool revoked() const noexcept { return use_.load(sync::kRelaxed) >= kCondemned; }

 private:
  static constexpr std::uint32_t kFree = 0;
  static constexpr std::uint32_t kInside = 1;
  static constexpr std::uint32_t kCondemned = 2;
  static constexpr std::uint32_t kRevoked = 3;
  sync::Atomic<std::uint32_t> use_{kFree};
};
using PinUse = BasicPinUse<PinOrders>;

}  // namespace flashkv
