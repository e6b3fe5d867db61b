// A node of a critnib: it branches on four bits of the word.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <new>

#include "storage/sync/sync.h"

namespace flashkv::critnib {

// Purpose: 16 children, each empty (0), a leaf (Leaf's word), or with bit 1 set the address of a node.
// Threads: shift and children are atomic: the writer writes them, readers read them, even while the node is
//          already reused elsewhere. The rest is the writer's.
// Lifetime: its memory outlives every reader (I8).
// Cost:    152 bytes.
class Node {
 public:
  using Slot = sync::Atomic<std::uintptr_t>;
  static constexpr unsigned kNibble = 4;
  static constexpr unsigned kChildren = 1U << kNibble;

  static bool is_node(std::uintptr_t seen) noexcept { return (seen & kTag) != 0; }
  static Node* from(std::uintptr_t seen) noexcept { return reinterpret_cast<Node*>(seen - kTag); }
  std::uintptr_t tagged() const noexcept { return reinterpret_cast<std::uintptr_t>(this) + kTag; }

  // I5: a reader that sees a word stored when the node was reused then also sees the removals before that.
  const Slot& towards(std::uint64_t word) const noexcept {
    return children_[(word >> shift_.load(sync::kAcquire)) & (kChildren - 1)];
  }

  // The writer's view.
  Slot& child_of(std::uint64_t word) noexcept { return children_[(word >> shift()) & (kChildren - 1)]; }
  unsigned shift() const noexcept { return shift_.load(sync::kRelaxed); }
  std::uint64_t path() const noexcept { return path_; }
  // Whether the word agrees with this node in all bits above its nibble.
  bool covers(std::uint64_t word) const noexcept {
    // In two steps: a shift by 64 is undefined.
    return ((word ^ path_) >> shift() >> kNibble) == 0;
  }
  // Empties the node for reuse on the way to `word`. Readers from before its removal may be inside: release
  // (I5).
  void reset(std::uint64_t word, unsigned shift) noexcept {
    path_ = word;
    shift_.store(shift, sync::kRelease);
    for (Slot& child : children_) child.store(0, sync::kRelease);
  }
  const std::array<Slot, kChildren>& children() const noexcept { return children_; }

  Node* next = nullptr;  // outside the tree: the list it is in

 private:
  static constexpr std::uintptr_t kTag = 2;

  sync::Atomic<unsigned> shift_{0};
  std::uint64_t path_ = 0;
  std::array<Slot, kChildren> children_{};
};

}  // namespace flashkv::critnib
