// The top arrays, from the one where readers begin to the largest.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>

#include "storage/engine/perfect_hash/slot_value.h"
#include "storage/engine/perfect_hash/top_array.h"
#include "storage/sync/sync.h"

namespace flashkv::perfect_hash {

// Purpose: one array, or several while the table grows. A word is in the first of them whose slot for it is
//          not marked moved (I2).
// Usage:   reader:  for (auto* top = arrays.readable();; top = top->next()) { ... top->slot(word) ... }
//          writer:  auto place = arrays.locate(word);   if (arrays.add()) ...;   arrays.leave_first();
// Threads: readable() from any; all else from one writer.
// Lifetime: keeps every array until it is destroyed (I5); all but the last are a 256th of it.
// Errors:  the constructor throws std::bad_alloc.
template <typename Slot, typename P>
class TopArrays {
 public:
  using Array = TopArray<Slot, P>;
  struct Place {
    Array* top;
    Slot* slot;
    SlotValue content;
  };

  explicit TopArrays(std::uint64_t multiplier) : multiplier_(multiplier) {
    if (!add()) throw std::bad_alloc();
    readable_.store(&first(), P::Orders::kPass);
  }
  TopArrays(const TopArrays&) = delete;
  TopArrays& operator=(const TopArrays&) = delete;
  ~TopArrays() {
    for (std::size_t i = first_; i < count_; ++i) {
      for (std::size_t s = 0; s < arrays_[i]->size(); ++s) {
        const SlotValue content(arrays_[i]->at(s).content.load(sync::kRelaxed));
        if (!content.is_moved()) content.destroy();
      }
    }
  }

  // Where a reader begins (I2).
  Array* readable() const noexcept { return readable_.load(P::Orders::kBegin); }

  Array& first() const noexcept { return *arrays_[first_]; }
  Array& last() const noexcept { return *arrays_[count_ - 1]; }
  Place locate(std::uint64_t word) const noexcept {
    for (Array* top = &first();; top = top->next()) {
      Slot& slot = top->slot(word);
      const SlotValue content(slot.content.load(sync::kRelaxed));
      if (!content.is_moved()) return {top, &slot, content};
    }
  }

  // Appends a larger array. False when memory is short, or the last one is as large as they get.
  bool add() noexcept {
    if (count_ == arrays_.size()) return false;
    const auto log2 = static_cast<unsigned>(count_) * Array::kStepLog2;
    arrays_[count_] = Array::make(log2, multiplier_);
    if (!arrays_[count_]) return false;
    if (count_ > 0) last().set_next(arrays_[count_].get());
    bytes_ += arrays_[count_++]->bytes();
    return true;
  }
  // Call when every slot of the first array has moved: readers begin at the next one from now on (I2).
  void leave_first() noexcept {
    ++first_;
    readable_.store(&first(), P::Orders::kPass);
  }
  std::uint64_t bytes() const noexcept { return bytes_; }

 private:
  const std::uint64_t multiplier_;
  std::array<std::unique_ptr<Array>, kMostTopArrays<P>> arrays_;
  std::size_t count_ = 0;
  std::size_t first_ = 0;  // every slot of the arrays before it has moved
  std::uint64_t bytes_ = 0;
  alignas(sync::kOwnLine) sync::Atomic<Array*> readable_{nullptr};
};

}  // namespace flashkv::perfect_hash
