// All top arrays, from the one readers begin at to the largest.
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

// Purpose: one array at rest. While the table grows there are more: a word's content stands in the first of
//          them whose slot is not marked moved.
// Usage:   reader:  for (auto* top = arrays.readable();; top = top->next()) { ... top->slot(word) ... }
//          writer:  auto place = arrays.locate(word);   if (arrays.add()) ...;   arrays.leave_first();
// Threads: readable() and what follows from it from any; all else from one writer.
// Lifetime: all arrays stay until the close (I5); all but the last are a 256th of it.
// Errors:  the constructor throws std::bad_alloc.
template <typename Slot>
class TopArrays {
 public:
  struct Place {
    TopArray<Slot>* top;
    Slot* slot;
    SlotValue content;
  };

  explicit TopArrays(std::uint64_t multiplier) : multiplier_(multiplier) {
    if (!add()) throw std::bad_alloc();
    readable_.store(&first(), sync::kRelease);
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

  TopArray<Slot>* readable() const noexcept { return readable_.load(sync::kAcquire); }  // (I1)

  TopArray<Slot>& first() const noexcept { return *arrays_[first_]; }
  TopArray<Slot>& last() const noexcept { return *arrays_[count_ - 1]; }
  Place locate(std::uint64_t word) const noexcept {
    for (TopArray<Slot>* top = &first();; top = top->next()) {
      Slot& slot = top->slot(word);
      const SlotValue content(slot.content.load(sync::kRelaxed));
      if (!content.is_moved()) return {top, &slot, content};
    }
  }

  // A larger array after the last. False when memory is short, or when there is none.
  bool add() noexcept {
    if (count_ == arrays_.size()) return false;
    const auto log2 = static_cast<unsigned>(count_) * TopArray<Slot>::kStepLog2;
    arrays_[count_] = TopArray<Slot>::make(log2, multiplier_);
    if (!arrays_[count_]) return false;
    if (count_ > 0) last().set_next(arrays_[count_].get());
    bytes_ += arrays_[count_++]->bytes();
    return true;
  }
  // All of the first has moved: readers that come from now on begin at the next one, which is complete (I2).
  void leave_first() noexcept {
    ++first_;
    readable_.store(&first(), sync::kRelease);
  }
  std::uint64_t bytes() const noexcept { return bytes_; }

 private:
  const std::uint64_t multiplier_;
  std::array<std::unique_ptr<TopArray<Slot>>, kMostTopArrays<Slot>> arrays_;
  std::size_t count_ = 0;
  std::size_t first_ = 0;  // those before it have moved
  std::uint64_t bytes_ = 0;
  alignas(sync::kOwnLine) sync::Atomic<TopArray<Slot>*> readable_{nullptr};
};

}  // namespace flashkv::perfect_hash
