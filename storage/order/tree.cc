#include "storage/order/tree.h"

#include <algorithm>
#include <numeric>

#include "storage/order/node_edit.h"

namespace flashkv::order {

// A change takes two nodes at most on a level that exists: copies of a frozen node and of its neighbour, or a
// copy and the new half of a split. Taken together, `changes` of them copy no node twice and split once each.
// Levels that do not exist yet hold, all together, fewer nodes than the split ones below them.
std::size_t Tree::blocks_for(std::size_t changes) const noexcept {
  if (changes == 0) return 0;
  std::size_t blocks = changes + retired_.blocks_for(changes);
  for (unsigned level = 0; level < root_.height; ++level)
    blocks += std::min(2 * changes, static_cast<std::size_t>(at_level_[level]) + changes);
  return blocks;
}

// An insert or a replacement copies one node a level, an erase two. Each insert may split a leaf; an inner
// node has room for half its capacity after a split, so that later splits take as many additions, unless an
// erase has filled it up from a neighbour, or two nodes.
std::size_t Tree::blocks_for(const Changes& changes) const noexcept {
  const std::size_t copied = changes.inserted + changes.replaced + 2 * changes.erased;
  std::size_t blocks = copied == 0 ? 0 : retired_.blocks_for(changes.replaced + changes.erased);
  std::size_t split = changes.inserted;
  for (unsigned level = 0; level < root_.height; ++level) {
    const auto here = static_cast<std::size_t>(at_level_[level]);
    if (level > 0) split = std::min(split, here + split / (Inner::kCapacity / 2 - 2) + 2 * changes.erased);
    blocks += std::min(copied, here) + split;
  }
  return blocks + split;
}

std::uint64_t Tree::nodes() const noexcept {
  return std::accumulate(at_level_.begin(), at_level_.end(), std::uint64_t{0});
}

template <typename N>
N* Tree::make(unsigned level) noexcept {
  N* node = pool_.make<N>();
  node->born = frozen_ + 1;
  ++at_level_[level];
  return node;
}

// The node itself when it may change, else a copy; the caller links it.
template <typename N>
N* Tree::own(Node* node) noexcept {
  N* old = static_cast<N*>(node);
  if (!is_frozen(old)) return old;
  N* copy = pool_.make<N>();
  copy->born = frozen_ + 1;
  copy_all(*copy, *old);
  retired_.add(old);
  return copy;
}
template Leaf* Tree::own(Node* node) noexcept;
template Inner* Tree::own(Node* node) noexcept;

void Tree::own(Path& path) noexcept {
  for (unsigned level = path.height; level-- > 0;) {
    Path::Step& step = path.steps[level];
    if (!is_frozen(step.node)) continue;
    step.node = level == 0 ? static_cast<Node*>(own<Leaf>(step.node)) : own<Inner>(step.node);
    if (level + 1 == path.height) {
      root_.node = step.node;
    } else {
      path.inner(level + 1)->children[path.steps[level + 1].at] = step.node;
    }
  }
}

// The node is not linked any more.
void Tree::drop(Node* node, unsigned level) noexcept {
  --at_level_[level];
  if (is_frozen(node)) {
    retired_.add(node);
  } else {
    pool_.give(node);
  }
}

void Tree::upsert(Record* record) noexcept {
  record->retain();  // (I6)
  if (root_.node == nullptr) root_ = {make<Leaf>(0), 1};
  if (keys_ == 0) {
    insert_at(*static_cast<Leaf*>(root_.node), 0, record, nullptr);
    ++keys_;
    return;
  }
  Path path = descend(root_, record->key());
  own(path);
  const unsigned at = path.steps[0].at;
  if (!path.found) {
    ++keys_;
    add<Leaf>(path, 0, at, record, nullptr);
    return;
  }
  Record*& place = path.leaf()->records[at];
  retired_.add(place, pool_);
  place = record;
  if (at == 0) update_first(path, 0, record);
}

// Adds an entry to the path's node of this level.
template <typename N>
void Tree::add(Path& path, unsigned level, unsigned at, Record* record, Node* child) noexcept {
  N& node = *static_cast<N*>(path.steps[level].node);
  if (level > 0 || path.matched < node.skip) fit(node, record->key());
  if (node.size == N::kCapacity) {
    split<N>(path, level, at, record, child);
    return;
  }
  insert_at(node, at, record, child);
  if (at == 0) update_first(path, level, record);
}

// A leaf that is added to at its end is left full: keys that arrive in order would leave halves behind.
template <typename N>
void Tree::split(Path& path, unsigned level, unsigned at, Record* record, Node* child) noexcept {
  N& node = *static_cast<N*>(path.steps[level].node);
  tighten(node);
  fit(node, record->key());
  N& right = *make<N>(level);
  split_at(node, level == 0 && at == node.size ? at : node.size / 2U, right);
  if (at < node.size) {
    insert_at(node, at, record, child);
  } else {
    insert_at(right, at - node.size, record, child);
  }
  tighten(node);
  tighten(right);
  if (at == 0) update_first(path, level, record);
  add_right(path, level, &right, right.records[0]);
}

// Links a new node right of the path's.
void Tree::add_right(Path& path, unsigned level, Node* right, Record* first) noexcept {
  if (level + 1 < path.height) {
    add<Inner>(path, level + 1, path.steps[level + 1].at + 1, first, right);
    return;
  }
  Node* left = root_.node;
  Inner& top = *make<Inner>(root_.height);
  insert_at(top, 0, first_record(left, level), left);
  insert_at(top, 1, first, right);
  root_ = {&top, root_.height + 1};
}

// The first record of the path's node of this level is another one: so it is above, as far as the node is the
// first child (I2).
void Tree::update_first(Path& path, unsigned level, Record* first) noexcept {
  while (++level < path.height) {
    const unsigned at = path.steps[level].at;
    set_record(*path.inner(level), at, first);
    if (at != 0) return;
  }
}

void Tree::clear() noexcept {
  if (root_.node != nullptr) clear(root_.node, root_.height - 1);
  root_ = {};
  keys_ = 0;
  at_level_ = {};
}

void Tree::clear(Node* node, unsigned level) noexcept {
  for (unsigned i = 0; i < node->size; ++i) {
    if (level == 0) {
      static_cast<Leaf*>(node)->records[i]->release();
    } else {
      clear(static_cast<Inner*>(node)->children[i], level - 1);
    }
  }
  pool_.give(node);
}

}  // namespace flashkv::order
