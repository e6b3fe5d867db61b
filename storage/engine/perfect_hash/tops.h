// All top arrays, from the one readers begin at to the largest.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>

#include "storage/engine/perfect_hash/content.h"
#include "storage/engine/perfect_hash/top.h"
#include "storage/sync/sync.h"

namespace flashkv::perfect_hash {

// Purpose: one array at rest. While the table grows there are more: a word's content stands in the first of them whose
//          slot is not marked moved.
// Usage:   reader:  for (auto* top = tops.readable();; top = top->next()) { ... top->slot(word) ... }
//          writer:  auto place = tops.locate(word);   if (tops.add()) ...;   tops.leave_first();
// Threads: readable() and what follows from it from any; all else from one writer.
// Lifetime: all arrays stay until the close (I5); all but the last are a 256th of it.
// Errors:  the constructor throws std::bad_alloc.
template <typename Slot>
class Tops {
 public:
  struct Place {
    Top<Slot>* top;
    Slot* slot;
    Content content;
  };

  explicit Tops(std::uint64_t multiplier) : multiplier_(multiplier) {
    if (!add()) throw std::bad_alloc();
    readable_.store(&first(), sync::kRelease);
  }
  Tops(const Tops&) = delete;
  Tops& operator=(const Tops&) = delete;
  ~Tops() {
    for (std::size_t i = first_; i < count_; ++i) {
      for (std::size_t s = 0; s < tops_[i]->size(); ++s) {
        const Content content(tops_[i]->at(s).content.load(sync::kRelaxed));
        if (!content.is_moved()) content.destroy();
      }
    }
  }

  Top<Slot>* readable() const noexcept { return readable_.load(sync::kAcquire); }  // (I1)

  Top<Slot>& first() const noexcept { return *tops_[first_]; }
  Top<Slot>& last() const noexcept { return *tops_[count_ - 1]; }
  Place locate(std::uint64_t word) const noexcept {
    for (Top<Slot>* top = &first();; top = top->next()) {
      Slot& slot = top->slot(word);
      const Content content(slot.content.load(sync::kRelaxed));
      if (!content.is_moved()) return {top, &slot, content};
    }
  }

  // A larger array after the last. False when memory is short, or when there is none.
  bool add() noexcept {
    if (count_ == tops_.size()) return false;
    const auto log2 = static_cast<unsigned>(count_) * Top<Slot>::kStepLog2;
    tops_[count_] = Top<Slot>::make(log2, multiplier_);
    if (!tops_[count_]) return false;
    if (count_ > 0) last().set_next(tops_[count_].get());
    bytes_ += tops_[count_++]->bytes();
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
  std::array<std::unique_ptr<Top<Slot>>, kMostTops<Slot>> tops_;
  std::size_t count_ = 0;
  std::size_t first_ = 0;  // those before it have moved
  std::uint64_t bytes_ = 0;
  alignas(sync::kOwnLine) sync::Atomic<Top<Slot>*> readable_{nullptr};
};

}  // namespace flashkv::perfect_hash
