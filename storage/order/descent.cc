#include "storage/order/descent.h"

#include <algorithm>

namespace flashkv::order {
namespace {

struct Floor {
  unsigned at = 0;          // the last entry that is not above the key
  bool equal = false;       // its key is the key
  std::size_t matched = 0;  // leading bytes that both share
};

// The key is not below the node's first, and shares `matched` bytes with it.
//
// A key that shares fewer bytes than the node skips is above all its keys: it is above the first of them, and
// they do not differ before the byte that decided.
template <typename N>
Floor floor_in(const N& node, std::string_view key, std::size_t matched) noexcept {
  const unsigned size = node.size;
  if (matched < node.skip) return {size - 1, false, matched};
  const Head head = head_of(key, node.skip);
  unsigned below = 0;
  for (unsigned i = 0; i < size; ++i) below += node.heads[i] < head ? 1 : 0;
  unsigned end = below;
  while (end < size && node.heads[end] == head) ++end;
  // Of the entries with the same head, those not above the key.
  unsigned first = below;
  Comparison last;
  while (first < end) {
    const unsigned middle = first + (end - first) / 2;
    const Comparison c = compare(key, node.records[middle]->key(), node.skip);
    if (c.sign < 0) {
      end = middle;
    } else {
      first = middle + 1;
      last = c;
      if (c.sign == 0) break;
    }
  }
  if (first > below) return {first - 1, last.sign == 0, last.common};
  // The heads differ at a byte that the key has. Should the entry's key have ended before it, the bytes
  // counted beyond its end do no harm: no node below skips more than its own first key has.
  return {below - 1, false, node.skip + shared_bytes(node.heads[below - 1], head)};
}

}  // namespace

Path descend(Root root, std::string_view key) noexcept {
  Path path;
  path.height = root.height;
  Node* node = root.node;
  unsigned level = root.height - 1;
  const Comparison c = compare(key, first_record(node, level)->key(), 0);
  const bool below_all = c.sign < 0;
  path.matched = c.common;
  for (; level > 0; --level) {
    const Inner& inner = *static_cast<Inner*>(node);
    path.steps[level].node = node;
    if (!below_all) {
      const Floor floor = floor_in(inner, key, path.matched);
      path.steps[level].at = floor.at;
      path.matched = floor.matched;
    }
    node = inner.children[path.steps[level].at];
    prefetch(node);
  }
  path.steps[0].node = node;
  if (below_all) return path;
  const Floor floor = floor_in(*path.leaf(), key, path.matched);
  path.found = floor.equal;
  path.steps[0].at = floor.equal ? floor.at : floor.at + 1;
  return path;
}

void prefetch(Root root, std::span<const Probe> probes) noexcept {
  if (root.height < 2 || root.node->size == 0) return;
  struct Way {
    Node* node;
    std::size_t matched;
    bool below_all;
  };
  std::array<Way, kMostAhead> ways;
  const std::size_t count = std::min(probes.size(), ways.size());
  const std::string_view first = first_record(root.node, root.height - 1)->key();
  for (std::size_t i = 0; i < count; ++i) {
    const Comparison c = compare(probes[i].key, first, 0);
    ways[i] = {root.node, c.common, c.sign < 0};
  }
  for (unsigned level = root.height - 1; level > 0; --level) {
    for (std::size_t i = 0; i < count; ++i) {
      Way& way = ways[i];
      const Inner& inner = *static_cast<Inner*>(way.node);
      Floor floor;
      if (!way.below_all) floor = floor_in(inner, probes[i].key, way.matched);
      way.matched = floor.matched;
      way.node = inner.children[floor.at];
      prefetch(way.node);
    }
  }
}

}  // namespace flashkv::order
