#include "storage/engine/radix/tree.h"

#include <algorithm>
#include <new>

#include "storage/sync/sync.h"

namespace flashkv::radix {
namespace {
constexpr unsigned kMostLevels = Slices(4).levels;
}  // namespace

Tree::Tree(const EngineOptions& options, unsigned default_bits, Tails tails)
    : hash_(options.hash),
      order_(options.word_order),
      slices_(options.slice_bits == 0 ? default_bits : options.slice_bits),
      tails_(tails),
      pool_(slices_) {
  if (!Slices::valid(slices_.bits)) sync::fatal("slice_bits is none of 4, 8, 11, 13, 16");
  root_ = Node::make(slices_.bits_at(0));
  if (root_ == nullptr) throw std::bad_alloc();
  bytes_ = pool_.bytes_at(0);
}

Tree::~Tree() {
  Node::destroy_linked(unlinked_);
  destroy(root_, 0);
}

// Recurses no deeper than kMostLevels.
void Tree::destroy(Node* node, unsigned level) noexcept {
  std::size_t left = node->used();
  for (std::size_t i = 0; left > 0; ++i) {
    const std::uintptr_t seen = node->peek(i);
    if (seen == 0) continue;
    --left;
    if (Node::is_node(seen)) {
      destroy(Node::from(seen), level + 1);
    } else {
      Leaf(seen).destroy();
    }
  }
  Node::destroy(node);
}

Tree::Place Tree::locate(std::uint64_t word, std::string_view key) const noexcept {
  Place at{root_, 0, slices_.index(word, 0), Leaf(), false};
  std::uintptr_t seen = at.node->peek(at.index);
  while (Node::is_node(seen)) {
    at.node = Node::from(seen);
    at.index = slices_.index(word, ++at.level);
    seen = at.node->peek(at.index);
  }
  at.met = Leaf(seen);
  if (at.met.empty()) return at;
  // Words that reach one slot of the last level are equal.
  at.same = at.level == slices_.last() || at.met.find(key) != nullptr || word_of(*at.met.any()) == word;
  return at;
}

// The level of the node that will hold the word's leaf.
unsigned Tree::leaf_level(const Place& place, std::uint64_t word) const noexcept {
  if (place.same) return place.level;
  if (tails_ == Tails::kFull) return slices_.last();
  return place.met.empty() ? place.level : slices_.parting(word, word_of(*place.met.any()));
}

// Counts the nodes between the existing ones and the deepest that the word may need once every word of the
// batch is in. Nodes stay until end_batch(), so erasing removes none of them before (I4).
bool Tree::reserve(const Place& place, std::uint64_t word, const BatchWords::Promise& promise) noexcept try {
  const std::size_t wanted = promised_ + 1;
  if (emptied_.capacity() < wanted) emptied_.reserve(std::max(wanted, 2 * emptied_.capacity()));
  if (!place.same && promise.changes == 1) {
    unsigned there = place.level;
    unsigned deepest = leaf_level(place, word);
    for (const auto& other : {promise.below, promise.above}) {
      if (!other) continue;
      const unsigned parting = slices_.parting(word, *other);
      // With full tails, the nodes down to where the two words differ were counted with the other word.
      unsigned& limit = tails_ == Tails::kFull ? there : deepest;
      limit = std::max(limit, parting);
    }
    if (!pool_.reserve(there + 1, deepest)) return false;
  }
  promised_ = wanted;
  return true;
} catch (const std::bad_alloc&) {
  return false;
}

void Tree::store(const Place& place, std::uint64_t word, Leaf leaf) noexcept {
  if (leaf_level(place, word) != place.level) return grow(place, word, leaf);
  place.node->set(place.index, leaf.word());
  if (leaf.empty() && place.level > 0) emptied_.push_back(word);
}

// Builds the missing nodes from the bottom up, with the new leaf and the one already there, and shows them
// all with one store: no reader misses the existing leaf (I2).
void Tree::grow(const Place& place, std::uint64_t word, Leaf leaf) noexcept {
  unsigned level = leaf_level(place, word);
  Node* node = pool_.take(level);
  bytes_ += pool_.bytes_at(level);
  node->set(slices_.index(word, level), leaf.word());
  if (!place.met.empty()) {
    node->set(slices_.index(word_of(*place.met.any()), level), place.met.word());
  }
  while (--level > place.level) {
    Node* above = pool_.take(level);
    bytes_ += pool_.bytes_at(level);
    above->set(slices_.index(word, level), node->tagged());
    node = above;
  }
  place.node->set(place.index, node->tagged());
}

// Removes nodes on the way to a removed word: empty ones, and with compressed tails those whose only child is
// a leaf, which moves up (I3).
void Tree::trim(std::uint64_t word) noexcept {
  std::array<Node*, kMostLevels> way;
  unsigned level = 0;
  way[0] = root_;
  for (std::uintptr_t seen = root_->peek(slices_.index(word, 0)); Node::is_node(seen);
       seen = way[level]->peek(slices_.index(word, level))) {
    way[++level] = Node::from(seen);
  }
  for (; level > 0; --level) {
    Node* node = way[level];
    std::uintptr_t left = 0;
    if (node->used() == 1 && tails_ == Tails::kCompressed) left = node->peek(node->only());
    if (node->used() > 1 || (node->used() == 1 && (left == 0 || Node::is_node(left)))) return;
    way[level - 1]->set(slices_.index(word, level - 1), left);
    node->link(unlinked_);
    unlinked_ = node;
    bytes_ -= pool_.bytes_at(level);
    unlinked_bytes_ += pool_.bytes_at(level);
  }
}

void Tree::end_batch(reclaim::RetireList& list) noexcept {
  for (const std::uint64_t word : emptied_) trim(word);
  emptied_.clear();
  promised_ = 0;
  pool_.drop_reservations();
  if (unlinked_ == nullptr) return;
  list.retire(unlinked_, &Node::destroy_linked, unlinked_bytes_);  // I5
  unlinked_ = nullptr;
  unlinked_bytes_ = 0;
}

}  // namespace flashkv::radix
