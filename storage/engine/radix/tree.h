// A radix tree over 64-bit words, with or without compressed tails.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "storage/engine/parts/batch_words.h"
#include "storage/engine/parts/word_engine.h"
#include "storage/engine/radix/node.h"
#include "storage/engine/radix/node_pool.h"
#include "storage/engine/radix/slices.h"
#include "storage/reclaim/retire_list.h"
#include "storage/table/engine_options.h"

namespace flashkv::radix {

enum class Tails : bool { kFull, kCompressed };

// Purpose: the WordIndex of both radix engines (radix.md). Full tails: every leaf is in a node of the last
//          level. Compressed: a leaf is at the highest level at which no other word shares its slot.
// Threads: look() and look_batch() from readers inside a section; all else from one writer.
// Lifetime: owns its leaves and their records. Nodes leave the tree in end_batch() (I3) and go to the retire
//          list (I5).
// Cost:    look(): one line for each node on the way; batches overlap them.
// Errors:  the constructor may throw std::bad_alloc; reserve() returns false when memory is short.
// Limits:  slice widths of 4, 8, 11, 13 and 16; with any other the constructor ends the process.
class Tree {
 public:
  // The place where a word's leaf is or would be put.
  struct Place {
    Node* node;
    unsigned level;
    std::size_t index;
    Leaf met;   // the leaf in that slot
    bool same;  // it is this word's
    Leaf leaf() const noexcept { return same ? met : Leaf(); }
  };
  using Mark = NodePool::Mark;
  static constexpr bool kBoundedGarbage = true;

  Tree(const EngineOptions& options, unsigned default_bits, Tails tails);
  Tree(const Tree&) = delete;
  Tree& operator=(const Tree&) = delete;
  ~Tree();

  std::uint64_t word(std::uint64_t hash) const noexcept { return ordered(hash, order_); }

  // The leaf may be another word's (I6).
  Leaf look(std::uint64_t word) const noexcept {
    switch (slices_.bits) {
      case 4:
        return walk<4>(word);
      case 8:
        return walk<8>(word);
      case 11:
        return walk<11>(word);
      case 13:
        return walk<13>(word);
      default:
        return walk<16>(word);
    }
  }
  void look_batch(std::span<const std::uint64_t> words, std::span<Leaf> leaves) const noexcept {
    switch (slices_.bits) {
      case 4:
        return walk_all<4>(words, leaves);
      case 8:
        return walk_all<8>(words, leaves);
      case 11:
        return walk_all<11>(words, leaves);
      case 13:
        return walk_all<13>(words, leaves);
      default:
        return walk_all<16>(words, leaves);
    }
  }

  Place locate(std::uint64_t word, std::string_view key) const noexcept;
  bool reserve(const Place& place, std::uint64_t word, const BatchWords::Promise& promise) noexcept;
  Mark mark() const noexcept { return pool_.mark(); }
  void roll_back(const Mark& mark) noexcept { pool_.roll_back(mark); }
  void store(const Place& place, std::uint64_t word, Leaf leaf) noexcept;
  void end_batch(reclaim::RetireList& list) noexcept;
  std::uint64_t bytes() const noexcept { return bytes_ + pool_.bytes(); }
  std::uint64_t leaked_bytes() const noexcept { return 0; }
  const Slices& slices() const noexcept { return slices_; }
  const Node& root() const noexcept { return *root_; }

 private:
  // A reader's load of a slot: what it leads to is complete (I1).
  static std::uintptr_t load(const Node* node, std::size_t index) noexcept {
    return node->slot(index).load(sync::kAcquire);
  }
  template <unsigned kBits>
  Leaf walk(std::uint64_t word) const noexcept;
  template <unsigned kBits>
  void walk_all(std::span<const std::uint64_t> words, std::span<Leaf> leaves) const noexcept;

  std::uint64_t word_of(const Record& record) const noexcept { return word(hash_(record.key())); }
  unsigned leaf_level(const Place& place, std::uint64_t word) const noexcept;
  void grow(const Place& place, std::uint64_t word, Leaf leaf) noexcept;
  void trim(std::uint64_t word) noexcept;
  void destroy(Node* node, unsigned level) noexcept;

  // Readers use these: on lines that no change writes.
  alignas(sync::kOwnLine) const KeyHash hash_;
  const WordOrder order_;
  const Slices slices_;
  const Tails tails_;
  Node* root_;
  alignas(sync::kOwnLine) NodePool pool_;
  std::vector<std::uint64_t> emptied_;  // words that were removed in this batch
  std::size_t promised_ = 0;            // changes since end_batch()
  Node* unlinked_ = nullptr;            // out of the tree, not yet in the retire list
  std::uint64_t unlinked_bytes_ = 0;
  std::uint64_t bytes_ = 0;  // of nodes in the tree
};

// Rotates the word so that its next slice is in its lowest bits. Width and depth are compile-time constants.
template <unsigned kBits>
Leaf Tree::walk(std::uint64_t word) const noexcept {
  constexpr Slices s(kBits);
  constexpr std::uint64_t mask = (std::uint64_t{1} << kBits) - 1;
  const Node* node = root_;
  for (unsigned level = 0; level < s.last(); ++level) {
    word = std::rotl(word, kBits);
    const std::uintptr_t seen = load(node, word & mask);
    if (!Node::is_node(seen)) return Leaf(seen);
    node = Node::from(seen);
  }
  return Leaf(load(node, std::rotl(word, s.last_bits) & ((std::uint64_t{1} << s.last_bits) - 1)));
}

// All words go down one level, then all the next: their misses overlap.
template <unsigned kBits>
void Tree::walk_all(std::span<const std::uint64_t> words, std::span<Leaf> leaves) const noexcept {
  constexpr Slices s(kBits);
  struct Walk {
    const Node* node;
    std::size_t index;
    std::size_t which;
  };
  std::array<Walk, kLookGroup> walks;
  std::size_t going = words.size();
  for (std::size_t i = 0; i < going; ++i) {
    walks[i] = {root_, s.index(words[i], 0), i};
    __builtin_prefetch(&root_->slot(walks[i].index));
  }
  for (unsigned level = 1; going > 0; ++level) {
    std::size_t left = 0;
    for (std::size_t i = 0; i < going; ++i) {
      const Walk at = walks[i];
      const std::uintptr_t seen = load(at.node, at.index);
      if (!Node::is_node(seen)) {
        leaves[at.which] = Leaf(seen);
        continue;
      }
      const Node* node = Node::from(seen);
      const std::size_t index = s.index(words[at.which], level);
      __builtin_prefetch(&node->slot(index));
      walks[left++] = {node, index, at.which};
    }
    going = left;
  }
}

}  // namespace flashkv::radix
