// Nodes allocated before the tree needs them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "storage/engine/radix/node.h"
#include "storage/engine/radix/slices.h"
#include "storage/sync/sync.h"

namespace flashkv::radix {

// Purpose: the nodes that reserve() promised, of the two sizes in a tree: those of its last level, and all
//          others.
// Usage:   if (!pool.reserve(first_level, last_level)) reject;   // one node for each of these levels
//          Node* n = pool.take(level);
//          pool.drop_reservations();                              // promises lapse
// Threads: one writer.
// Lifetime: the nodes it holds were never in the tree, so it may free them at any time.
// Limits:  keeps at most kKeptBytes from batch to batch.
class NodePool {
 public:
  static constexpr std::size_t kKeptBytes = std::size_t{64} << 10;
  using Mark = std::array<std::size_t, 2>;  // promises

  explicit NodePool(Slices slices) noexcept : slices_(slices) {}
  NodePool(const NodePool&) = delete;
  NodePool& operator=(const NodePool&) = delete;
  ~NodePool() { give_back(0); }

  // False when memory is short; then nothing is promised.
  bool reserve(unsigned first, unsigned last) noexcept {
    const Mark before = mark();
    for (unsigned level = first; level <= last; ++level) {
      Size& s = of(level);
      if (s.free == s.promised && !add(s, level)) {
        roll_back(before);
        return false;
      }
      ++s.promised;
    }
    return true;
  }
  // A promised node, empty.
  Node* take(unsigned level) noexcept {
    Size& s = of(level);
    if (s.first == nullptr) sync::fatal("a radix node that was not reserved");
    --s.free;
    s.promised -= s.promised > 0 ? 1 : 0;
    return pop(s, bytes_at(level));
  }
  Mark mark() const noexcept { return {sizes_[0].promised, sizes_[1].promised}; }
  void roll_back(const Mark& mark) noexcept {
    for (std::size_t i = 0; i < sizes_.size(); ++i) sizes_[i].promised = mark[i];
  }
  void drop_reservations() noexcept {
    roll_back({0, 0});
    give_back(kKeptBytes);
  }
  std::uint64_t bytes() const noexcept { return bytes_; }
  std::size_t bytes_at(unsigned level) const noexcept { return Node::bytes_for(slices_.bits_at(level)); }

 private:
  struct Size {
    Node* first = nullptr;
    std::size_t free = 0;
    std::size_t promised = 0;  // of these
  };

  Size& of(unsigned level) noexcept { return sizes_[level == slices_.last() ? 1 : 0]; }
  bool add(Size& s, unsigned level) noexcept {
    Node* node = Node::make(slices_.bits_at(level));
    if (node == nullptr) return false;
    node->link(s.first);
    s.first = node;
    ++s.free;
    bytes_ += bytes_at(level);
    return true;
  }
  Node* pop(Size& s, std::size_t bytes) noexcept {
    Node* node = s.first;
    s.first = node->next();
    node->unlink();
    bytes_ -= bytes;
    return node;
  }
  void give_back(std::size_t kept) noexcept {
    for (const unsigned level : {0U, slices_.last()}) {
      for (Size& s = of(level); bytes_ > kept && s.free > 0; --s.free) Node::destroy(pop(s, bytes_at(level)));
    }
  }

  const Slices slices_;
  std::array<Size, 2> sizes_;
  std::uint64_t bytes_ = 0;
};

}  // namespace flashkv::radix
