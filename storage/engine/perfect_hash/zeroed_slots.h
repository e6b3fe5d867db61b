// Memory for the slots of a top array.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <type_traits>

namespace flashkv::perfect_hash {

// Purpose: an array of `count` empty slots: zero bytes are one. Nothing is constructed, so an array of any
//          size takes no time to make: the system zeroes its pages when they are first touched.
// Usage:   ZeroedSlots<Slot> slots(count);  if (slots.data() == nullptr) ...;   // no memory
// Limits:  Slot is a few atomics. Under a model checker those need constructors, and the model has other
//          slots.
template <typename Slot>
class ZeroedSlots {
 public:
  explicit ZeroedSlots(std::size_t count) noexcept
      : block_(std::calloc(count * sizeof(Slot) + kLine, 1)),
        first_(
            reinterpret_cast<Slot*>((reinterpret_cast<std::uintptr_t>(block_) + kLine - 1) & ~(kLine - 1))) {
    static_assert(std::is_trivially_destructible_v<Slot>, "no slot is destroyed");
  }
  ZeroedSlots(const ZeroedSlots&) = delete;
  ZeroedSlots& operator=(const ZeroedSlots&) = delete;
  ~ZeroedSlots() { std::free(block_); }

  // Null when memory was short.
  Slot* data() const noexcept { return first_; }

 private:
  // The array begins on a cache line, so that no slot lies across two.
  static constexpr std::size_t kLine = 64;

  void* const block_;
  Slot* const first_;
};

}  // namespace flashkv::perfect_hash
