// Memory for nodes, allocated before they are needed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>

#include "storage/order/node.h"
#include "storage/sync/sanitizer.h"
#include "storage/sync/sync.h"

#if defined(FLASHKV_ASAN)
#include <sanitizer/asan_interface.h>
#endif

namespace flashkv::order {

// Purpose: blocks of kNodeBytes for nodes and for the lists of retired records, so that nothing is allocated
//          after reserve().
// Usage:   if (!pool.hold(12)) reject;           // 12 blocks or more are here now
//          Leaf* leaf = pool.make<Leaf>();
//          pool.give(leaf);                      // back into the pool
//          pool.trim(kMost);                     // blocks beyond so many go back to the allocator
// Threads: one writer.
// Lifetime: frees the blocks it holds.
// Cost:    8 bytes of a block link it to the next; hold() alone allocates. Under AddressSanitizer what is in
//          the pool is poisoned, so that a use after give() is seen.
class NodePool {
 public:
  NodePool() = default;
  NodePool(const NodePool&) = delete;
  NodePool& operator=(const NodePool&) = delete;
  ~NodePool() { trim(0); }

  // False when memory is short; the blocks that were found stay.
  bool hold(std::size_t blocks) noexcept {
    while (size_ < blocks) {
      void* block = ::operator new (kNodeBytes, std::align_val_t{kNodeAlign}, std::nothrow);
      if (block == nullptr) return false;
      give(block);
    }
    return true;
  }
  template <typename T>
  T* make() noexcept {
    static_assert(sizeof(T) <= kNodeBytes && alignof(T) <= kNodeAlign);
    return new (take()) T;
  }
  void give(void* block) noexcept {
    first_ = new (block) Block{first_};
    ++size_;
    poison(block);
  }
  void trim(std::size_t most) noexcept {
    while (size_ > most) ::operator delete (take(), std::align_val_t{kNodeAlign});
  }
  std::size_t size() const noexcept { return size_; }
  std::uint64_t bytes() const noexcept { return size_ * kNodeBytes; }

 private:
  struct Block {
    Block* next;
  };

  void* take() noexcept {
    if (first_ == nullptr) sync::fatal("a node of the ordered index that was not reserved (I4)");
    Block* block = first_;
    first_ = block->next;
    --size_;
    unpoison(block);
    return block;
  }
#if defined(FLASHKV_ASAN)
  static void poison(void* block) noexcept {
    ASAN_POISON_MEMORY_REGION(static_cast<char*>(block) + sizeof(Block), kNodeBytes - sizeof(Block));
  }
  static void unpoison(void* block) noexcept { ASAN_UNPOISON_MEMORY_REGION(block, kNodeBytes); }
#else
  static void poison(void*) noexcept {}
  static void unpoison(void*) noexcept {}
#endif

  Block* first_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace flashkv::order
