// The first level: an array of slots, and the larger one that follows it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <utility>

#include "storage/sync/sync.h"

namespace flashkv::perfect_hash {

// Purpose: 2^log2 slots, empty at first. The upper bits of a word times a multiplier select its slot. The
//          next array uses the same multiplier and kStepLog2 more bits, so the words of slot i here belong to
//          the kStep slots from i * kStep on there, and a slot can move by itself.
// Threads: slots have atomic content. Readers call next() only after they found a slot marked moved; it is
//          set before the first mark (I2). All else is constant, or the writer's.
// Lifetime: until the engine is destroyed: readers pass through it long after all its slots have moved (I5).
// Cost:    sizeof(Slot) a slot; making one is a call of the allocator (zeroed_slots.h).
template <typename Slot, typename P>
class TopArray {
 public:
  static constexpr unsigned kStepLog2 = P::kStepLog2;
  static constexpr std::size_t kStep = std::size_t{1} << kStepLog2;

  // Null when memory is short.
  static std::unique_ptr<TopArray> make(unsigned log2, std::uint64_t multiplier) noexcept {
    std::unique_ptr<TopArray> made(new (std::nothrow) TopArray(log2, multiplier));
    return made && made->slots_.data() != nullptr ? std::move(made) : nullptr;
  }
  TopArray(const TopArray&) = delete;
  TopArray& operator=(const TopArray&) = delete;

  std::size_t index(std::uint64_t word) const noexcept {
    // In two steps: an array of one slot would need a shift by 64, which is undefined.
    return static_cast<std::size_t>((word * multiplier_) >> 1 >> shift_);
  }
  Slot& at(std::size_t index) const noexcept { return slots_.data()[index]; }
  Slot& slot(std::uint64_t word) const noexcept { return at(index(word)); }
  std::size_t size() const noexcept { return std::size_t{1} << log2(); }
  unsigned log2() const noexcept { return 63 - shift_; }
  std::uint64_t bytes() const noexcept { return size() * sizeof(Slot); }

  TopArray* next() const noexcept { return next_; }
  void set_next(TopArray* next) noexcept {
    next_ = next;
    next->previous_ = this;
  }
  // The slot of the previous array whose words move to `slot`; null in the first array.
  Slot* parent(const Slot& slot) const noexcept {
    if (previous_ == nullptr) return nullptr;
    return &previous_->at(static_cast<std::size_t>(&slot - slots_.data()) / kStep);
  }

 private:
  TopArray(unsigned log2, std::uint64_t multiplier) noexcept
      : shift_(63 - log2), multiplier_(multiplier), slots_(std::size_t{1} << log2) {}

  const unsigned shift_;
  const sync::Plain<std::uint64_t> multiplier_;
  const typename P::template Slots<Slot> slots_;
  sync::Plain<TopArray*> next_ = nullptr;
  const TopArray* previous_ = nullptr;
};

// As served: arrays of 1, 256, 65,536, 16,777,216 and 2^32 slots.
template <typename P>
inline constexpr unsigned kMostTopArrays = P::kMaxLog2 / P::kStepLog2 + 1;

}  // namespace flashkv::perfect_hash
