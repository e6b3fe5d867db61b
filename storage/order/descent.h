// From the root of the ordered index to the place of a key.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "storage/order/node.h"

namespace flashkv::order {

// Purpose: the nodes that lead to a key, and the entry taken in each.
// Usage:   Path path = descend(root, key);  // steps[0] is in the leaf
//          if (path.found) leaf->records[path.steps[0].at] is the key's record;
//          else its place is before entry steps[0].at, which may be the leaf's size
// Threads: any, on a published root that is pinned; the writer's, on the staged root.
// Cost:    one pass over the heads of a node per level; a record is read only where the heads of two keys are
//          equal, and the root's first one always.
struct Path {
  struct Step {
    Node* node = nullptr;
    unsigned at = 0;
  };
  std::array<Step, kMaxHeight> steps{};
  unsigned height = 0;
  bool found = false;
  // Leading bytes that the key shares with the first key of the leaf; exact where they are fewer than the
  // leaf skips.
  std::size_t matched = 0;

  Leaf* leaf() const noexcept { return static_cast<Leaf*>(steps[0].node); }
  Inner* inner(unsigned level) const noexcept { return static_cast<Inner*>(steps[level].node); }
};

// The root must not be empty.
Path descend(Root root, std::string_view key) noexcept;

}  // namespace flashkv::order
