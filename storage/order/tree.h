// The B+tree under construction: the state that the running batch has reached.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "storage/order/descent.h"
#include "storage/order/node.h"
#include "storage/order/node_pool.h"
#include "storage/order/retired.h"

namespace flashkv::order {

// How many changes of each kind are to come.
struct Changes {
  std::size_t inserted = 0;
  std::size_t replaced = 0;
  std::size_t erased = 0;
};

// Purpose: changes the staged tree. Nodes of the running batch change in place; any other is copied before
//          its first change, with all above it, and the original is retired (I1).
// Usage:   if (!pool.hold(tree.blocks_for(1))) reject;
//          tree.upsert(record);  tree.erase(key);
//          tree.freeze(revision);     // nothing that can be reached now changes any more
// Threads: the writer's.
// Lifetime: borrows the pool and the list; clear() before its destruction.
// Cost:    a change copies one node a level, an erase two; it reads one record of each leaf that it compares
//          with. O(height) nodes are touched, O(node) bytes moved.
// Limits:  see ordered_index.h.
class Tree {
 public:
  Tree(NodePool& pool, Retired& retired) noexcept : pool_(pool), retired_(retired) {}
  Tree(const Tree&) = delete;
  Tree& operator=(const Tree&) = delete;

  // Blocks that `changes` calls of upsert() and erase() take from the pool at most, whatever they do (I4).
  std::size_t blocks_for(std::size_t changes) const noexcept;
  // The same where it is known what they do: replacing needs half as much, and most of it is used.
  std::size_t blocks_for(const Changes& changes) const noexcept;
  // Retains the record.
  void upsert(Record* record) noexcept;
  void erase(std::string_view key) noexcept;
  void freeze(std::uint64_t revision) noexcept { frozen_ = revision; }
  // Releases everything; no reader is left.
  void clear() noexcept;

  Root root() const noexcept { return root_; }
  std::uint64_t keys() const noexcept { return keys_; }
  std::uint64_t nodes() const noexcept;
  std::uint64_t frozen() const noexcept { return frozen_; }

 private:
  // An erase that leaves fewer entries fills the node up from a neighbour, unless the two can be one. Halves
  // of a split node have more, so that inserts and erases in turn do not split and merge in turn.
  template <typename N>
  static constexpr unsigned kLeast = N::kCapacity * 2 / 5;

  template <typename N>
  N* make(unsigned level) noexcept;
  // Belongs to a published root (I1).
  bool is_frozen(const Node* node) const noexcept { return node->born <= frozen_; }
  template <typename N>
  N* own(Node* node) noexcept;
  void own(Path& path) noexcept;
  void drop(Node* node, unsigned level) noexcept;

  template <typename N>
  void add(Path& path, unsigned level, unsigned at, Record* record, Node* child) noexcept;
  template <typename N>
  void split(Path& path, unsigned level, unsigned at, Record* record, Node* child) noexcept;
  void add_right(Path& path, unsigned level, Node* right, Record* first) noexcept;
  void update_first(Path& path, unsigned level, Record* first) noexcept;

  void shrink_root() noexcept;
  template <typename N>
  void refill(Path& path, unsigned level) noexcept;
  template <typename N>
  void merge(Path& path, unsigned level, unsigned with) noexcept;
  template <typename N>
  void share(Path& path, unsigned level, unsigned with) noexcept;
  void clear(Node* node, unsigned level) noexcept;

  NodePool& pool_;
  Retired& retired_;
  Root root_;
  std::uint64_t keys_ = 0;
  std::uint64_t frozen_ = 0;                          // nodes born up to here belong to published roots
  std::array<std::uint64_t, kMaxHeight> at_level_{};  // nodes, leaves first
};

}  // namespace flashkv::order
