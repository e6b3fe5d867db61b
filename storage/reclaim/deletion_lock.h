// A lock that readers never wait for and that tells the writer when the last of them has left.
#pragma once

#include <cstdint>

#include "storage/sync/sync.h"

namespace flashkv::reclaim {

// The memory orders of DeletionLock, each with what would break without it.
struct DeletionLockOrders {
  // A reader that enters a slot sees what was stored before the advance() that made it current. Entries are
  // read-modify-writes, so it does not matter how many readers came in between.
  static constexpr sync::MemoryOrder kAdvance = sync::kRelease;
  static constexpr sync::MemoryOrder kEnter = sync::kAcquire;
  // What a reader read comes before the look that finds its slot drained.
  static constexpr sync::MemoryOrder kLeave = sync::kRelease;
  static constexpr sync::MemoryOrder kLook = sync::kAcquire;
};

// Purpose: readers count themselves into the slot that is current and out of the same slot later. The writer
//          makes the next slot current and sees when the old one is drained: then nobody is left who entered
//          it, and nobody can come. One word says which slot is current and how many have entered it, so
//          that a reader finds its slot and is counted in one step. Were these two steps (load a pointer,
//          then count inside what it points at), the writer could come between them, find nobody, and free
//          the counter under the reader.
// Usage:   reader:  const auto slot = lock.enter();  look(table[slot]);  lock.leave(slot);
//          writer:  if (lock.next_is_free()) {
//                     table[lock.next()] = changed;  const auto old = lock.advance();
//                     ... later: if (lock.drained(old)) delete table[old];
//                   }
//          What a slot alone leads to goes when that slot is drained. What readers find by other ways, once
//          unlinked before an advance(), goes when all slots that were current until then have been drained.
// Threads: enter() from any, leave() from any, once for each enter(); all else from one writer.
// Lifetime: never freed while a reader can come: it stands in the engine, or in what lives until close.
// Cost:    enter() and leave(): one read-modify-write each, never a loop, no wait. advance(): one. Readers
//          never free: the writer collects at its next step, so a read costs the same whoever leaves last.
//          8 bytes and 8 more a slot; it takes no line of its own, its holder decides that.
// Limits:  kSlots - 1 old slots at a time: a writer that goes round by advance() waits for the oldest, one
//          that chooses by advance_to() can leave a slot to a reader that stays for long. 2^32 / kSlots
//          readers inside at a time; entries are counted modulo that number, so it does not matter how many
//          there have been.
template <unsigned kSlots = 8, typename Orders = DeletionLockOrders>
class DeletionLock {
  static_assert(kSlots >= 2 && kSlots <= 256 && (kSlots & (kSlots - 1)) == 0);

 public:
  using Slot = std::uint32_t;
  static constexpr unsigned slots() noexcept { return kSlots; }

  DeletionLock() = default;
  DeletionLock(const DeletionLock&) = delete;
  DeletionLock& operator=(const DeletionLock&) = delete;

  Slot enter() noexcept { return word_.fetch_add(kOne, Orders::kEnter) & kSlotMask; }
  void leave(Slot slot) noexcept { counts_[slot].left.fetch_add(kOne, Orders::kLeave); }

  Slot current() const noexcept { return current_; }
  Slot next() const noexcept { return (current_ + 1) & kSlotMask; }
  // Whether advance() may be called. False while readers of its last turn are inside.
  bool next_is_free() noexcept { return drained(next()); }

  // Makes a drained slot current, for every enter() from here on; answers the slot that was.
  Slot advance() noexcept { return advance_to(next()); }
  Slot advance_to(Slot to) noexcept {
    const Slot old = current_;
    current_ = to;
    // Starting where its last turn ended, a slot's count needs no clearing while others may look at it.
    const std::uint32_t fresh = counts_[current_].entered | current_;
    counts_[old].entered = word_.exchange(fresh, Orders::kAdvance) & ~kSlotMask;
    return old;
  }

  // Whether nobody is inside a slot that is not current. Once true it stays so until the slot's next turn.
  bool drained(Slot slot) noexcept {
    return counts_[slot].left.load(Orders::kLook) == counts_[slot].entered && slot != current_;
  }

 private:
  // The slot stands below the count: a count that overflows falls off at the top.
  static constexpr std::uint32_t kOne = kSlots;
  static constexpr std::uint32_t kSlotMask = kSlots - 1;

  struct Counts {
    sync::Atomic<std::uint32_t> left{0};  // in units of kOne, as in the word
    std::uint32_t entered = 0;            // the writer's: what the word counted at the end of its last turn
  };

  sync::Atomic<std::uint32_t> word_{0};  // how many have entered, and the current slot
  Slot current_ = 0;                     // the writer's own copy
  Counts counts_[kSlots];
};

}  // namespace flashkv::reclaim
