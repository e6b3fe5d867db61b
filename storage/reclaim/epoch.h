// Grace periods from one counter and one word per reader, with atomics alone.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "storage/reclaim/grace_period.h"
#include "storage/sync/sync.h"

namespace flashkv::reclaim {

// The memory orders of Epoch, each with what it is needed for. A reader announces the number it has seen; a
// period waits only for readers that announced a smaller number than its own.
struct EpochOrders {
  // A reader that has seen the new number also sees what was unlinked before it, so no period up to that
  // number has to wait for it.
  static constexpr sync::MemoryOrder kAdvance = sync::kRelease;
  static constexpr sync::MemoryOrder kNumberLook = sync::kAcquire;
  // lock() and the writer's check are both read-modify-writes of the slot. Either the reader's comes first
  // and the writer sees it, or the check comes first and the reader then sees what was unlinked: this needs
  // the check's release and lock()'s acquire.
  static constexpr sync::MemoryOrder kEnter = sync::kAcquire;
  // Orders a section's reads before the unlock() whose value the check reads, directly or through a later
  // lock().
  static constexpr sync::MemoryOrder kLeave = sync::kRelease;
  static constexpr sync::MemoryOrder kSlotLook = sync::kAcqRel;
};

// Purpose: GracePeriods that ThreadSanitizer and a model checker understand: no fence, no system call.
// Cost:    lock(): one read-modify-write of the reader's own line; unlock(): one store. ended(): one
//          read-modify-write per slot, up to the first that is still inside.
// Source:  K. Fraser, "Practical lock-freedom" (2004), 5.2.3, with one counter in place of three lists.
template <typename Orders = EpochOrders>
class BasicEpoch {
  struct alignas(sync::kOwnLine) Slot {
    explicit Slot(const sync::Atomic<Ticket>* clock) noexcept : now(clock) {}
    sync::Atomic<Ticket> inside{0};  // the number at lock(), 0 outside
    unsigned depth = 0;
    const sync::Atomic<Ticket>* const now;
  };
  struct Shared {
    sync::Mutex mutex;  // slots
    std::vector<Slot*> slots;
    alignas(sync::kOwnLine) sync::Atomic<Ticket> now{1};
  };

 public:
  class Section {
   public:
    Section(Section&&) noexcept = default;
    Section& operator=(Section&& other) noexcept {
      Section old(std::move(*this));
      shared_ = std::move(other.shared_);
      slot_ = std::move(other.slot_);
      return *this;
    }
    ~Section() {
      if (!slot_) return;
      if (slot_->depth != 0) sync::fatal("a read section died locked");
      const std::lock_guard lock(shared_->mutex);
      std::erase(shared_->slots, slot_.get());
    }
    void lock() noexcept {
      Slot& slot = *slot_;
      if (slot.depth++ == 0) slot.inside.exchange(slot.now->load(Orders::kNumberLook), Orders::kEnter);
    }
    void unlock() noexcept {
      Slot& slot = *slot_;
      if (--slot.depth == 0) slot.inside.store(0, Orders::kLeave);
    }

   private:
    friend class BasicEpoch;
    Section(std::shared_ptr<Shared> shared, std::unique_ptr<Slot> slot) noexcept
        : shared_(std::move(shared)), slot_(std::move(slot)) {}
    std::shared_ptr<Shared> shared_;
    std::unique_ptr<Slot> slot_;
  };

  BasicEpoch() : shared_(std::make_shared<Shared>()) {}

  Section make_section() {
    auto slot = std::make_unique<Slot>(&shared_->now);
    const std::lock_guard lock(shared_->mutex);
    shared_->slots.push_back(slot.get());
    return Section(shared_, std::move(slot));
  }

  Ticket start() noexcept { return shared_->now.fetch_add(1, Orders::kAdvance) + 1; }

  bool ended(Ticket ticket) noexcept {
    if (ticket <= over_) return true;
    const std::lock_guard lock(shared_->mutex);
    for (Slot* slot : shared_->slots) {
      const Ticket inside = slot->inside.fetch_add(0, Orders::kSlotLook);
      if (inside != 0 && inside < ticket) return false;
    }
    over_ = ticket;
    return true;
  }

 private:
  std::shared_ptr<Shared> shared_;
  Ticket over_ = 0;
};

using Epoch = BasicEpoch<>;

}  // namespace flashkv::reclaim
