// A node of a radix tree: one slot per value of a slice.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>

#include "storage/engine/parts/collision_chain.h"
#include "storage/sync/sync.h"

namespace flashkv::radix {

// Purpose: 2^bits slots, each empty (0), a leaf (Leaf's word), or with bit 1 set the address of a node.
// Threads: slots are written by the writer and read by everyone; the rest is the writer's.
// Lifetime: once it is out of the tree its slots never change (I3); the writer's list link then replaces the
//          counts.
// Cost:    8 bytes, and 8 per slot.
class Node {
 public:
  using Slot = sync::Atomic<std::uintptr_t>;

  static constexpr std::size_t bytes_for(unsigned bits) noexcept {
    return sizeof(Node) + (sizeof(Slot) << bits);
  }
  // Empty; null when memory is short.
  static Node* make(unsigned bits) noexcept {
    void* block = ::operator new(bytes_for(bits), std::nothrow);
    if (block == nullptr) return nullptr;
    Node* node = new (block) Node;
    std::uninitialized_value_construct_n(node->slots(), std::size_t{1} << bits);
    return node;
  }
  static void destroy(Node* node) noexcept { ::operator delete(node); }
  // For RetireList: a node and those linked behind it.
  static void destroy_linked(void* first) noexcept {
    for (Node* node = static_cast<Node*>(first); node != nullptr;) {
      Node* next = node->next();
      destroy(node);
      node = next;
    }
  }

  static bool is_node(std::uintptr_t seen) noexcept { return (seen & kTag) != 0; }
  static Node* from(std::uintptr_t seen) noexcept { return reinterpret_cast<Node*>(seen - kTag); }
  std::uintptr_t tagged() const noexcept { return reinterpret_cast<std::uintptr_t>(this) + kTag; }

  const Slot& slot(std::size_t index) const noexcept { return slots()[index]; }

  // The writer's view.
  std::uintptr_t peek(std::size_t index) const noexcept { return slots()[index].load(sync::kRelaxed); }
  void set(std::size_t index, std::uintptr_t to) noexcept {
    Slot& at = slots()[index];
    const bool was_used = at.load(sync::kRelaxed) != 0;
    if (was_used != (to != 0)) {
      counts_.used += was_used ? ~std::uint32_t{0} : 1U;
      counts_.sum ^= static_cast<std::uint32_t>(index);
    }
    // I1: a reader that follows the slot finds what it leads to complete.
    at.store(to, sync::kRelease);
  }
  std::uint32_t used() const noexcept { return counts_.used; }
  // The only slot in use; defined while used() is 1.
  std::size_t only() const noexcept { return counts_.sum; }

  // Outside the tree: the link that replaces the counts.
  Node* next() const noexcept { return next_; }
  void link(Node* next) noexcept { next_ = next; }
  void unlink() noexcept { counts_ = Counts(); }

 private:
  static constexpr std::uintptr_t kTag = 2;

  struct Counts {
    std::uint32_t used = 0;  // slots that are not 0
    std::uint32_t sum = 0;   // exclusive or of their indexes
  };

  Node() noexcept : counts_() {}
  Slot* slots() noexcept { return reinterpret_cast<Slot*>(this + 1); }
  const Slot* slots() const noexcept { return reinterpret_cast<const Slot*>(this + 1); }

  union {
    Counts counts_;
    Node* next_;
  };
};
static_assert(sizeof(Node) == alignof(Node::Slot), "the slots follow the header at once");

}  // namespace flashkv::radix
