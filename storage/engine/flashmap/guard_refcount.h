// Guards that count: a reader's word holds its number of open guards, and the half the next one gets.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string_view>
#include <utility>
#include <vector>

#include "storage/sync/clock.h"
#include "storage/sync/sync.h"
#include "storage/table/engine.h"

namespace flashkv::flashmap {

// The memory orders of RefcountGuards.
struct RefcountOrders {
  // Makes what the writer did to a half visible to the readers that were flipped to it (I1, I5).
  static constexpr sync::MemoryOrder kEnter = sync::kAcquire;
  // Orders a guard's reads before the decrement that ends it: when a flip does not count the guard, they are
  // over (I1).
  static constexpr sync::MemoryOrder kLeave = sync::kRelease;
  // Pairs with both (I1, I5).
  static constexpr sync::MemoryOrder kFlip = sync::kAcqRel;
  // Orders a residual guard's reads before its decrement: when the writer sees the count at 0, they are
  // over (I1).
  static constexpr sync::MemoryOrder kResidualLeave = sync::kRelease;
  static constexpr sync::MemoryOrder kResidualLook = sync::kAcquire;
};

// Purpose: tells the writer when no reader holds the half it is about to change (I1). enter() adds one to the
//          reader's own word, whose top bit says which half that is: one step chooses the half and guards it.
//          swap() flips the bit in every word and sums the guards it finds, the residual guards. A guard that
//          leaves and finds the bit flipped takes itself off the residual count.
// Usage:   RefcountGuards<Half> guards(&a, &b);
//          writer:  if (guards.wait_drained(budget)) { change(*guards.other()); guards.swap(); }
//          reader:  auto reader = guards.make_reader();
//                   const Half* half = reader.enter();  look(*half);  reader.leave(half);
// Threads: all but make_reader() from one writer thread; a Reader's enter() from its own thread, leave()
//          from any.
// Lifetime: the halves outlive the policy and every guard. Readers may outlive the policy. A reader that dies
//          with a guard inside aborts.
// Cost:    enter() and leave(): one read-modify-write each on the reader's own line. swap(): one for each
//          reader.
// Limits:  readers flip one after the other: until swap() returns, two readers can see different halves.
//          At most 2^30 guards open at a time, else swap() aborts.
template <typename Half, typename Orders = RefcountOrders>
class RefcountGuards {
  struct Shared;
  struct Slot;

 public:
  static constexpr std::string_view kName = "refcount";
  static constexpr ReadRmw kReadRmw = ReadRmw::kTwo;

  using Held = const Half*;  // one guard, from enter() to leave()

  class Reader {
   public:
    Reader(Reader&&) noexcept = default;
    Reader& operator=(Reader&& other) noexcept {
      Reader old(std::move(*this));
      shared_ = std::move(other.shared_);
      slot_ = std::move(other.slot_);
      return *this;
    }
    ~Reader() {
      if (slot_) shared_->remove(slot_.get());
    }

    // Each call counts: a nested guard may get another half than the one around it.
    const Half* enter() noexcept {
      const std::uint64_t before = slot_->word.fetch_add(1, Orders::kEnter);
      return slot_->halves[before >> kHalfShift];
    }
    void leave(const Half* half) noexcept {
      const std::uint64_t before = slot_->word.fetch_sub(1, Orders::kLeave);
      if (slot_->halves[before >> kHalfShift] != half) shared_->leave_residual();
    }

   private:
    friend class RefcountGuards;
    Reader(std::shared_ptr<Shared> shared, std::unique_ptr<Slot> slot) noexcept
        : shared_(std::move(shared)), slot_(std::move(slot)) {}

    std::shared_ptr<Shared> shared_;
    std::unique_ptr<Slot> slot_;
  };

  RefcountGuards(Half* first, Half* second) : halves_{first, second}, shared_(std::make_shared<Shared>()) {}
  RefcountGuards(const RefcountGuards&) = delete;
  RefcountGuards& operator=(const RefcountGuards&) = delete;

  Reader make_reader() {
    auto slot = std::make_unique<Slot>(halves_);
    const std::lock_guard lock(shared_->mutex);
    shared_->slots.push_back(slot.get());
    slot->word.store(shared_->readable << kHalfShift, sync::kRelaxed);
    return Reader(shared_, std::move(slot));
  }

  Half* current() noexcept { return halves_[readable_]; }
  Half* other() noexcept { return halves_[1 - readable_]; }

  void swap() noexcept {
    // I2: with guards left over, those of two generations could not be told apart.
    if (shared_->residual.load(sync::kRelaxed) != 0) sync::fatal("swap while readers hold the other half");
    readable_ = 1 - readable_;
    const std::uint64_t inside = shared_->flip(readable_);
    if (inside > kMaxGuards) sync::fatal("more guards open than can be counted");
    // Guards that left since their flip have made the count negative; from here on it is exact.
    shared_->residual.fetch_add(static_cast<std::uint32_t>(inside), sync::kRelaxed);
  }

  bool wait_drained(Nanos budget) noexcept {
    if (shared_->drained()) return true;
    if (budget <= 0) return false;
    for (unsigned look = 0; look < sync::kSpins; ++look) {
      sync::pause();
      if (shared_->drained()) return true;
    }
    return shared_->park(budget);
  }

 private:
  static constexpr unsigned kHalfShift = 63;
  static constexpr std::uint64_t kHalfBit = std::uint64_t{1} << kHalfShift;
  static constexpr std::uint64_t kMaxGuards = std::uint64_t{1} << 30;
  static constexpr std::uint32_t kParked = std::uint32_t{1} << 31;

  struct alignas(sync::kOwnLine) Slot {
    explicit Slot(Half* const (&both)[2]) noexcept : halves{both[0], both[1]} {}
    sync::Atomic<std::uint64_t> word{0};  // kHalfBit: which half; below it: open guards
    Half* const halves[2];
  };

  // Outlives the policy as long as readers do.
  struct Shared {
    void remove(Slot* slot) noexcept {
      const std::lock_guard lock(mutex);
      if ((slot->word.load(sync::kRelaxed) & ~kHalfBit) != 0)
        sync::fatal("a reader died with a guard inside");
      std::erase(slots, slot);
    }

    // Flips every reader to the other half; returns how many guards were open on the old one.
    std::uint64_t flip(std::uint64_t now_readable) noexcept {
      const std::lock_guard lock(mutex);
      readable = now_readable;
      std::uint64_t inside = 0;
      for (Slot* slot : slots) inside += slot->word.fetch_add(kHalfBit, Orders::kFlip) & ~kHalfBit;
      return inside;
    }

    void leave_residual() noexcept {
      // Exactly one left and the writer parked: this is the last guard. "<= 1" would also hold while the
      // count is negative.
      if (residual.fetch_sub(1, Orders::kResidualLeave) == (kParked | 1)) sync::wake_word(residual);
    }

    bool drained() noexcept { return residual.load(Orders::kResidualLook) == 0; }

    // The writer sleeps on the count itself, so a guard that leaves needs nothing that the writer could
    // destroy.
    bool park(Nanos budget) noexcept {
      const Nanos start = sync::now();
      const Nanos deadline = budget > kNever - start ? kNever : start + budget;
      std::uint32_t seen = residual.fetch_or(kParked, sync::kRelaxed) | kParked;
      while (seen != kParked) {
        const Nanos left = deadline == kNever ? kNever : deadline - sync::now();
        if (left <= 0) break;
        sync::wait_word(residual, seen, left);
        seen = residual.load(sync::kRelaxed);
      }
      residual.fetch_and(~kParked, sync::kRelaxed);
      return drained();
    }

    sync::Mutex mutex;  // slots and readable
    std::vector<Slot*> slots;
    std::uint64_t readable = 0;
    // kParked: the writer sleeps on it; below it: guards still in the half that was current before the last
    // swap.
    alignas(sync::kOwnLine) sync::Atomic<std::uint32_t> residual{0};
  };

  Half* const halves_[2];
  std::uint64_t readable_ = 0;  // the writer's own copy of Shared::readable
  std::shared_ptr<Shared> shared_;
};

}  // namespace flashkv::flashmap
