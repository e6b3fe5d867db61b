// What an erase does to the tree.
#include <algorithm>

#include "storage/order/node_edit.h"
#include "storage/order/tree.h"

namespace flashkv::order {
namespace {

template <typename N>
N& child_of(const Inner& parent, unsigned at) noexcept {
  return *static_cast<N*>(parent.children[at]);
}

// The neighbour of child `at` that has fewer entries: where keys are erased in order, the one before it,
// which the erases will not come back to.
unsigned smaller_neighbour(const Inner& parent, unsigned at) noexcept {
  if (at == 0) return 1;
  if (at + 1U == parent.size) return at - 1;
  return parent.children[at - 1]->size <= parent.children[at + 1]->size ? at - 1 : at + 1;
}

}  // namespace

void Tree::erase(std::string_view key) noexcept {
  if (keys_ == 0) return;
  Path path = descend(root_, key);
  if (!path.found) return;
  own(path);
  Leaf& leaf = *path.leaf();
  const unsigned at = path.steps[0].at;
  retired_.add(leaf.records[at], pool_);
  remove_at(leaf, at);
  --keys_;
  if (at == 0 && leaf.size > 0) update_first(path, 0, leaf.records[0]);
  refill<Leaf>(path, 0);
  shrink_root();
}

// A root without entries goes, and one with a single child.
void Tree::shrink_root() noexcept {
  if (root_.height == 1 && keys_ == 0) {
    drop(root_.node, 0);
    root_ = {};
  } else if (root_.height > 1 && root_.node->size == 1) {
    Node* only = static_cast<Inner*>(root_.node)->children[0];
    drop(root_.node, root_.height - 1);
    root_ = {only, root_.height - 1};
  }
}

// Brings the path's node of this level up to kLeast entries; a node that is not the root has a neighbour.
template <typename N>
void Tree::refill(Path& path, unsigned level) noexcept {
  const N& node = *static_cast<N*>(path.steps[level].node);
  if (level + 1 == path.height || node.size >= kLeast<N>) return;
  const Inner& parent = *path.inner(level + 1);
  const unsigned with = smaller_neighbour(parent, path.steps[level + 1].at);
  if (node.size + child_of<N>(parent, with).size > N::kCapacity) {
    share<N>(path, level, with);
  } else {
    merge<N>(path, level, with);
    refill<Inner>(path, level + 1);
  }
}

// The path's node takes all that its neighbour has, which is only read.
template <typename N>
void Tree::merge(Path& path, unsigned level, unsigned with) noexcept {
  N& node = *static_cast<N*>(path.steps[level].node);
  Inner& parent = *path.inner(level + 1);
  unsigned& at = path.steps[level + 1].at;
  N& neighbour = child_of<N>(parent, with);
  if (with > at) {
    append_all(node, neighbour);
  } else {
    prepend_all(node, neighbour);
  }
  tighten(node);
  remove_at(parent, with);
  if (with < at) --at;
  update_first(path, level, node.records[0]);
  drop(&neighbour, level);
}

// The path's node and its neighbour end up with as many entries each.
template <typename N>
void Tree::share(Path& path, unsigned level, unsigned with) noexcept {
  N& node = *static_cast<N*>(path.steps[level].node);
  Inner& parent = *path.inner(level + 1);
  const unsigned at = path.steps[level + 1].at;
  N& neighbour = *own<N>(parent.children[with]);
  parent.children[with] = &neighbour;
  if (with > at) {
    even_out(node, neighbour);
  } else {
    even_out(neighbour, node);
  }
  tighten(node);
  tighten(neighbour);
  update_first(path, level, node.records[0]);
  set_record(parent, with, neighbour.records[0]);
}

}  // namespace flashkv::order
