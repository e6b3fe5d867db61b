// From the root of the ordered index to the place of a key.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string_view>

#include "storage/order/node.h"
#include "storage/table/engine.h"

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

// A hint: these keys are looked for soon. Goes down to the leaves with all of them at a time, so that their
// misses overlap; at most kMostAhead keys.
inline constexpr std::size_t kMostAhead = 32;
void prefetch(Root root, std::span<const Probe> probes) noexcept;

}  // namespace flashkv::order
