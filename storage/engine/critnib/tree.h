// A critnib: a critbit tree that branches on four bits at a time.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "storage/engine/critnib/node.h"
#include "storage/engine/critnib/node_policy.h"
#include "storage/engine/parts/batch_words.h"
#include "storage/engine/parts/word_engine.h"
#include "storage/reclaim/retire_list.h"
#include "storage/sync/sync.h"
#include "storage/table/engine_options.h"

namespace flashkv::critnib {

// Purpose: the WordIndex of the critnib engine (critnib.md). A node exists only where words differ, so a tree
//          of n words has fewer than n nodes, however the words are spread.
// Threads: look() and look_batch() from readers inside a section, which keeps leaves and records alive; all
//          else from one writer.
// Lifetime: owns its leaves and their records. The policy `Nodes` owns the nodes that are not in the tree.
// Cost:    look(): for each node on the way one line for its shift and one for the child. A new word needs at
//          most one node, whatever else a batch does.
// Errors:  reserve() returns false when memory is short.
template <typename Nodes>
class Tree {
 public:
  // The place where a word's leaf is or would be put.
  struct Place {
    Node::Slot* slot;
    Node* node;         // whose slot it is; null for the root
    Node::Slot* above;  // the slot that leads to that node
    std::uintptr_t met;
    bool same;  // a leaf of this word
    Leaf leaf() const noexcept { return same ? Leaf(met) : Leaf(); }
  };
  using Mark = std::size_t;
  static constexpr bool kBoundedGarbage = Nodes::kBoundedGarbage;

  explicit Tree(const EngineOptions& options) noexcept : hash_(options.hash) {}
  Tree(const Tree&) = delete;
  Tree& operator=(const Tree&) = delete;
  ~Tree() { destroy(root_.load(sync::kRelaxed)); }

  std::uint64_t word(std::uint64_t hash) const noexcept { return hash; }

  Leaf look(std::uint64_t word) const noexcept {
    for (;;) {
      const auto look = nodes_.look();
      std::uintptr_t seen = load(root_);
      while (Node::is_node(seen)) seen = load(Node::from(seen)->towards(word));
      // Only now may the leaf be read (I7).
      if (look.good()) [[likely]]
        return Leaf(seen);
    }
  }
  void look_batch(std::span<const std::uint64_t> words, std::span<Leaf> leaves) const noexcept;

  Place locate(std::uint64_t word, std::string_view key) noexcept;
  // The only change of a word that has a leaf adds no node, any other at most one (I9).
  bool reserve(const Place& place, std::uint64_t, const BatchWords::Promise& promise) noexcept {
    return (place.same && promise.changes == 1) || nodes_.reserve();
  }
  Mark mark() const noexcept { return nodes_.promised(); }
  void roll_back(Mark mark) noexcept { nodes_.roll_back(mark); }
  void store(const Place& place, std::uint64_t word, Leaf leaf) noexcept {
    if (leaf.empty()) {
      remove(place);
    } else if (place.same || place.met == 0) {
      place.slot->store(leaf.word(), sync::kRelease);  // I1: the very first leaf, too, is stored here
    } else {
      part(place, word, leaf);
    }
  }
  // Nodes are the policy's, not the retire list's: they outlive grace periods (I8).
  void end_batch(reclaim::RetireList&) noexcept { nodes_.roll_back(0); }
  std::uint64_t bytes() const noexcept { return nodes_.bytes() - nodes_.leaked_bytes(); }
  std::uint64_t leaked_bytes() const noexcept { return nodes_.leaked_bytes(); }
  const Nodes& nodes() const noexcept { return nodes_; }
  const Node::Slot& root() const noexcept { return root_; }

 private:
  // Loads a slot that the writer may change: once only, because a second load may differ (I1, I3).
  static std::uintptr_t load(const Node::Slot& slot) noexcept { return slot.load(sync::kAcquire); }
  std::uint64_t word_of(std::uintptr_t leaf) const noexcept { return hash_(Leaf(leaf).any()->key()); }
  void part(const Place& place, std::uint64_t word, Leaf leaf) noexcept;
  void remove(const Place& place) noexcept;
  void destroy(std::uintptr_t seen) noexcept;

  const KeyHash hash_;
  Nodes nodes_;
  // Readers begin here: kept off the lines that every change writes.
  alignas(sync::kOwnLine) Node::Slot root_{0};
};

template <typename Nodes>
void Tree<Nodes>::look_batch(std::span<const std::uint64_t> words, std::span<Leaf> leaves) const noexcept {
  const auto look = nodes_.look();
  std::array<std::uintptr_t, kLookGroup> at;
  std::array<std::uint8_t, kLookGroup> going;
  std::size_t left = words.size();
  for (std::size_t i = 0; i < left; ++i) {
    at[i] = load(root_);
    going[i] = static_cast<std::uint8_t>(i);
  }
  // All words go down one node, then all the next: their misses overlap.
  for (std::size_t count = left; count > 0; count = left) {
    left = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const std::uint8_t which = going[i];
      if (!Node::is_node(at[which])) continue;
      at[which] = load(Node::from(at[which])->towards(words[which]));
      if (Node::is_node(at[which])) {
        const Node* node = Node::from(at[which]);
        __builtin_prefetch(node);
        __builtin_prefetch(node->children().data() + Node::kChildren / 2);
      }
      going[left++] = which;
    }
  }
  const bool good = look.good();
  for (std::size_t i = 0; i < words.size(); ++i) leaves[i] = good ? Leaf(at[i]) : this->look(words[i]);
}

template <typename Nodes>
auto Tree<Nodes>::locate(std::uint64_t word, std::string_view key) noexcept -> Place {
  Place at{&root_, nullptr, nullptr, root_.load(sync::kRelaxed), false};
  while (Node::is_node(at.met) && Node::from(at.met)->covers(word)) {
    at.above = at.slot;
    at.node = Node::from(at.met);
    at.slot = &at.node->child_of(word);
    at.met = at.slot->load(sync::kRelaxed);
  }
  if (at.met != 0 && !Node::is_node(at.met)) {
    at.same = Leaf(at.met).find(key) != nullptr || word_of(at.met) == word;
  }
  return at;
}

// Inserts a node between the slot and what it led to. The node is complete before readers can find it.
template <typename Nodes>
void Tree<Nodes>::part(const Place& place, std::uint64_t word, Leaf leaf) noexcept {
  const std::uint64_t other = Node::is_node(place.met) ? Node::from(place.met)->path() : word_of(place.met);
  const auto top = static_cast<unsigned>(63 - std::countl_zero(word ^ other));
  Node* node = nodes_.take();
  node->reset(word, top - top % Node::kNibble);
  // Release, although the node is not in the tree yet: readers from before its removal may be inside (I5).
  node->child_of(other).store(place.met, sync::kRelease);
  node->child_of(word).store(leaf.word(), sync::kRelease);
  place.slot->store(node->tagged(), sync::kRelease);  // I1, I2
}

// A node left with one child is removed: the child takes its place (I2), and also stays in the node (I4).
template <typename Nodes>
void Tree<Nodes>::remove(const Place& place) noexcept {
  place.slot->store(0, sync::kRelease);
  if (place.node == nullptr) return;
  std::uintptr_t only = 0;
  for (const Node::Slot& child : place.node->children()) {
    const std::uintptr_t seen = child.load(sync::kRelaxed);
    if (seen == 0) continue;
    if (only != 0) return;
    only = seen;
  }
  place.above->store(only, sync::kRelease);  // I1, I2: `only` was complete when the node first led to it
  nodes_.retire(place.node);
}

// Recurses no deeper than the 16 nibbles of a word.
template <typename Nodes>
void Tree<Nodes>::destroy(std::uintptr_t seen) noexcept {
  if (!Node::is_node(seen)) return Leaf(seen).destroy();
  Node* node = Node::from(seen);
  for (const Node::Slot& child : node->children()) destroy(child.load(sync::kRelaxed));
  delete node;
}

}  // namespace flashkv::critnib
