// The first level: an array of slots, and the larger one that follows it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>
#include <type_traits>

#include "storage/engine/perfect_hash/slot_value.h"
#include "storage/sync/sync.h"

namespace flashkv::perfect_hash {

// Purpose: 2^log2 slots, all empty at first; which one a word selects. What stood in slot i here stands in
//          the slots from i * kStep on in the next one once it has moved.
// Threads: the contents of slots are atomic, `next` is set before any of them is marked moved; all else is
//          fixed.
// Lifetime: until the close: readers pass by it long after all has moved (I5).
// Cost:    sizeof(Slot) a slot. The system zeroes the pages of a large array when they are first touched, so
//          that making one takes no time.
template <typename Slot>
class TopArray {
 public:
  static constexpr unsigned kStepLog2 = 8;
  static constexpr std::size_t kStep = std::size_t{1} << kStepLog2;
  static constexpr unsigned kMaxLog2 = 32;

  // Null when memory is short.
  static std::unique_ptr<TopArray> make(unsigned log2, std::uint64_t multiplier) noexcept {
    std::unique_ptr<TopArray> made(new (std::nothrow) TopArray(log2, multiplier));
    return made && made->block_ != nullptr ? std::move(made) : nullptr;
  }
  TopArray(const TopArray&) = delete;
  TopArray& operator=(const TopArray&) = delete;
  // Leaves what stands in it alone.
  ~TopArray() { std::free(block_); }

  std::size_t index(std::uint64_t word) const noexcept {
    // Two steps: a shift by 64 is not defined.
    return static_cast<std::size_t>((word * multiplier_) >> 1 >> shift_);
  }
  Slot& at(std::size_t index) const noexcept { return slots_[index]; }
  Slot& slot(std::uint64_t word) const noexcept { return slots_[index(word)]; }
  std::size_t size() const noexcept { return std::size_t{1} << log2(); }
  unsigned log2() const noexcept { return 63 - shift_; }
  std::uint64_t bytes() const noexcept { return size() * sizeof(Slot); }

  TopArray* next() const noexcept { return next_; }
  void set_next(TopArray* next) noexcept {
    next_ = next;
    next->previous_ = this;
  }
  // Of the previous array: where the slot's words stood. Null for the first array.
  Slot* parent(const Slot& slot) const noexcept {
    return previous_ == nullptr ? nullptr : &previous_->at(static_cast<std::size_t>(&slot - slots_) / kStep);
  }

 private:
  // Zero bytes are an empty slot, and nothing has to be done at its end.
  static_assert(std::is_trivially_destructible_v<Slot>);
  // A slot of half a line does not lie across two.
  static constexpr std::size_t kLine = 64;

  TopArray(unsigned log2, std::uint64_t multiplier) noexcept
      : shift_(63 - log2),
        multiplier_(multiplier),
        block_(std::calloc((std::size_t{1} << log2) * sizeof(Slot) + kLine, 1)),
        slots_(
            reinterpret_cast<Slot*>((reinterpret_cast<std::uintptr_t>(block_) + kLine - 1) & ~(kLine - 1))) {}

  const unsigned shift_;
  const std::uint64_t multiplier_;
  void* const block_;
  Slot* const slots_;
  TopArray* next_ = nullptr;
  const TopArray* previous_ = nullptr;
};

// The first array of all has one slot, the next ones 256, 65,536, 16,777,216 and 2^32.
template <typename Slot>
inline constexpr unsigned kMostTopArrays = TopArray<Slot>::kMaxLog2 / TopArray<Slot>::kStepLog2 + 1;

}  // namespace flashkv::perfect_hash
