// A lock that readers never wait for and that tells the writer when the last of them has left.
#pragma once

#include <cstdint>

#include "storage/sync/sync.h"

namespace flashkv::reclaim {

// The memory orders of DeletionLock, each with what it is needed for.
struct DeletionLockOrders {
  // A reader that enters a slot sees what was stored before the advance() that made it current. Entries are
  // read-modify-writes, so it does not matter how many readers entered in between.
  static constexpr sync::MemoryOrder kAdvance = sync::kRelease;
  static constexpr sync::MemoryOrder kEnter = sync::kAcquire;
  // Orders a reader's reads before the load that finds its slot drained.
  static constexpr sync::MemoryOrder kLeave = sync::kRelease;
  static constexpr sync::MemoryOrder kLook = sync::kAcquire;
};

// Purpose: readers count themselves into the current slot and later out of the same slot. The writer makes
//          the next slot current and sees when the old one is drained: every reader that entered it has left,
//          and none can enter it. One word holds both which slot is current and how many have entered it, so
//          that a reader learns its slot and is counted in one step. In two steps (load a pointer, then
//          count inside what it points to), the writer could come between them, find no reader, and free the
//          counter under the reader.
// Usage:   reader:  const auto slot = lock.enter();  read(table[slot]);  lock.leave(slot);
//          writer:  if (lock.next_is_free()) {
//                     table[lock.next()] = changed;  const auto old = lock.advance();
//                     ... later: if (lock.drained(old)) delete table[old];
//                   }
//          What only one slot leads to may be freed when that slot is drained. What readers find by other
//          ways and was unlinked before an advance() may be freed when all slots that were current until
//          then have been drained.
// Threads: enter() from any, leave() from any, once for each enter(); all else from one writer.
// Lifetime: must not be freed while a reader can enter: it is a member of the engine, or of something that
//          lives as long.
// Cost:    enter() and leave(): one read-modify-write each, never a loop, no wait. advance(): one. Readers
//          never free: the writer collects at its next step, so the last reader to leave pays no more than
//          others. 8 bytes and 8 more per slot; its owner decides whether it has cache lines of its own.
// Limits:  kSlots - 1 old slots at a time: a writer that uses advance() waits for the oldest; one that
//          chooses by advance_to() can leave a slot to a reader that stays for long. 2^32 / kSlots readers
//          inside at a time; entries are counted modulo that number, so their total does not matter.
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
  // Whether advance() may be called: not while readers that entered the next slot when it was last current
  // are still inside.
  bool next_is_free() noexcept { return drained(next()); }

  // Makes a drained slot current, for every enter() from here on; returns the previous one.
  Slot advance() noexcept { return advance_to(next()); }
  Slot advance_to(Slot to) noexcept {
    const Slot old = current_;
    current_ = to;
    // The count continues where it ended when the slot was last current, so it never has to be cleared.
    const std::uint32_t fresh = counts_[current_].entered | current_;
    counts_[old].entered = word_.exchange(fresh, Orders::kAdvance) & ~kSlotMask;
    return old;
  }

  // Whether no reader is inside a slot that is not current. Once true it stays true until the slot is current
  // again.
  bool drained(Slot slot) noexcept {
    return counts_[slot].left.load(Orders::kLook) == counts_[slot].entered && slot != current_;
  }

 private:
  // The slot is in the bits below the count, so that a count that overflows wraps and leaves the slot alone.
  static constexpr std::uint32_t kOne = kSlots;
  static constexpr std::uint32_t kSlotMask = kSlots - 1;

  struct Counts {
    sync::Atomic<std::uint32_t> left{0};  // in units of kOne, as in the word
    std::uint32_t entered = 0;            // the writer's: the word's count when the slot was last current
  };

  sync::Atomic<std::uint32_t> word_{0};  // how many have entered, and the current slot
  Slot current_ = 0;                     // the writer's own copy
  Counts counts_[kSlots];
};

}  // namespace flashkv::reclaim
