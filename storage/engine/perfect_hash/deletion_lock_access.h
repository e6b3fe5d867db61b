// How readers of perfect-hash-deletion-lock reach what a slot leads to, and when that is freed.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <new>
#include <string_view>

#include "storage/engine/perfect_hash/lock_periods.h"
#include "storage/engine/perfect_hash/parameters.h"
#include "storage/engine/perfect_hash/slot_value.h"
#include "storage/reclaim/retire_list.h"
#include "storage/sync/sync.h"
#include "storage/table/engine.h"

namespace flashkv::perfect_hash {

// Purpose: each slot of a top array has a deletion lock of its own, which lives as long as the array: until
//          the engine is destroyed. A reader enters the lock before it reads the slot, and leaves it with its
//          guard. What was taken out of a slot is freed when all its lock's readers of that time have left; a
//          reader that stays keeps the garbage of the slots it has read, and of no other (I4).
// Threads: Pin from any; all else from one writer.
// Lifetime: owns what was retired.
// Cost:    a read: two read-modify-writes of the slot's own line. A guard that reads more than kMostHeld
//          keys enters one lock for all slots instead, whose line all such guards share.
template <typename P = ServedParameters>
class DeletionLockAccess {
 public:
  using Parameters = P;
  static constexpr std::string_view kName = "perfect-hash-deletion-lock";
  static constexpr ReadRmw kReadRmw = ReadRmw::kTwo;
  static constexpr bool kLeaks = false;
  static constexpr std::size_t kMostHeld = P::kMostHeld;
  using Lock = typename LockPeriods<typename P::LockOrders>::Lock;

  struct Slot {
    sync::Atomic<std::uintptr_t> content{0};
    Lock lock;
  };

  class Pin {
   public:
    explicit Pin(DeletionLockAccess& access) noexcept : access_(access) {}
    Pin(const Pin&) = delete;
    Pin& operator=(const Pin&) = delete;
    ~Pin() {
      for (std::size_t i = 0; i < count_; ++i) held_[i].lock->leave(held_[i].turn);
      if (all_) access_.all_.lock().leave(all_turn_);
    }

    // Announces that `keys` more keys will be read.
    void expect(std::size_t keys) noexcept {
      if (!all_ && count_ + keys > kMostHeld) enter_all();
    }
    // The content stays readable as long as this Pin lives. The lock is entered before the content is loaded:
    // entered afterwards, it could have been drained in between (I3).
    SlotValue read(Slot& slot) noexcept {
      expect(1);
      if (all_) return load(slot);
      const typename Lock::Slot turn = slot.lock.enter();
      const SlotValue seen = load(slot);
      if (seen.is_moved()) {
        slot.lock.leave(turn);
      } else {
        held_[count_++] = {&slot.lock, turn};
      }
      return seen;
    }

   private:
    struct Held {
      Lock* lock;
      typename Lock::Slot turn;
    };
    // (I1)
    static SlotValue load(const Slot& slot) noexcept {
      return SlotValue(slot.content.load(P::Orders::kRead));
    }
    void enter_all() noexcept {
      all_ = true;
      all_turn_ = access_.all_.lock().enter();
    }

    DeletionLockAccess& access_;
    std::size_t count_ = 0;
    bool all_ = false;
    typename Lock::Slot all_turn_ = 0;
    std::array<Held, kMostHeld> held_;
  };

  // The list for the slot's garbage, with room for `entries` more; null when memory is short. What is in the
  // slot may have moved here from `parent`, whose readers may hold it too.
  reclaim::RetireList* reserve(Slot& slot, Slot* parent, std::size_t entries) noexcept try {
    Waiting& waiting = lists_.try_emplace(&slot).first->second;
    waiting.parent = parent;
    return waiting.list.reserve(entries) ? &waiting.list : nullptr;
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
  // Records that the content of the list's slot has moved: the list is not empty while that slot's readers
  // are inside.
  void retire_readers(reclaim::RetireList& list) const noexcept {
    list.retire(
        nullptr, [](void*) noexcept {}, 0);
  }
  // Promises lapse. Everything retired so far is unlinked by now: its grace periods begin.
  void drop_reservations() noexcept {
    each_list([](reclaim::RetireList& list, SlotPeriods periods) {
      list.drop_reservations();
      list.begin(periods);
    });
  }
  // Between batches only.
  void collect() noexcept {
    each_list([](reclaim::RetireList& list, SlotPeriods periods) { list.collect(periods); });
  }
  std::uint64_t retired_bytes() const noexcept { return retired_bytes_; }
  // The number of slots whose garbage waits.
  std::size_t waiting() const noexcept { return lists_.size(); }

 private:
  struct Waiting {
    reclaim::RetireList list;
    Slot* parent = nullptr;
  };

  // A PeriodCounter for one slot. Its list asks for one period at a time, so the lock's other slot has been
  // drained when the next begins. `begun` is a period of the lock for all slots that started after everything
  // in the list was unlinked.
  struct SlotPeriods {
    DeletionLockAccess& access;
    Slot& slot;
    Slot* parent;
    reclaim::Ticket begun;

    reclaim::Ticket start() noexcept {
      slot.lock.advance();
      return begun;
    }
    bool ended(reclaim::Ticket ticket) noexcept {
      return slot.lock.drained(slot.lock.next()) && access.all_.ended(ticket) && !access.waits(parent);
    }
  };

  // Whether readers of a slot may still hold what has moved out of it.
  bool waits(Slot* slot) const noexcept {
    const auto at = lists_.find(slot);
    return at != lists_.end() && !at->second.list.empty();
  }
  template <typename F>
  void each_list(F&& f) noexcept {
    retired_bytes_ = 0;
    if (lists_.empty()) return;
    const reclaim::Ticket begun = all_.start();
    for (auto at = lists_.begin(); at != lists_.end();) {
      Waiting& waiting = at->second;
      f(waiting.list, SlotPeriods{*this, *at->first, waiting.parent, begun});
      retired_bytes_ += waiting.list.bytes();
      at = waiting.list.empty() ? lists_.erase(at) : std::next(at);
    }
  }

  std::map<Slot*, Waiting> lists_;
  std::uint64_t retired_bytes_ = 0;
  alignas(sync::kOwnLine) LockPeriods<typename P::LockOrders> all_;
};

}  // namespace flashkv::perfect_hash
