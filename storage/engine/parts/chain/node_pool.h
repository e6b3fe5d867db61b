// Nodes allocated before they are needed, so that inserting cannot fail.
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>

#include "storage/engine/parts/chain/node.h"

namespace flashkv::chain {

// Purpose: a stock of nodes, at least as many as were promised.
// Usage:   prepare: if (!pool.reserve(2)) reject;      // 2 more than were promised so far
//          apply:   Node* n = pool.take(hash, record);
//          publish: pool.drop_reservations();           // promises lapse
// Threads: one writer.
// Cost:    what a batch did not use stays for the next, up to kKept nodes.
class NodePool {
 public:
  static constexpr std::size_t kKept = 4096;

  NodePool() = default;
  NodePool(const NodePool&) = delete;
  NodePool& operator=(const NodePool&) = delete;
  ~NodePool() { trim(0); }

  // False when memory is short; then nothing more is promised.
  bool reserve(std::size_t more) noexcept {
    while (stock_ < promised_ + more) {
      Node* node = new (std::nothrow) Node(0, nullptr);
      if (node == nullptr) return false;
      node->next.store(spare_, sync::kRelaxed);
      spare_ = node;
      ++stock_;
    }
    promised_ += more;
    return true;
  }
  void cancel(std::size_t reserved) noexcept { promised_ -= reserved; }

  // At most as often as was reserved.
  Node* take(std::uint64_t hash, Record* record) noexcept {
    Node* node = pop();
    if (promised_ > 0) --promised_;
    // Constructed again in the same place, because `hash` is const.
    node->~Node();
    return new (node) Node(hash, record);
  }
  void drop_reservations() noexcept {
    promised_ = 0;
    trim(kKept);
  }

  std::size_t promised() const noexcept { return promised_; }
  std::size_t bytes() const noexcept { return stock_ * sizeof(Node); }

 private:
  Node* pop() noexcept {
    Node* node = spare_;
    spare_ = node->next.load(sync::kRelaxed);
    --stock_;
    return node;
  }
  void trim(std::size_t keep) noexcept {
    while (stock_ > keep) delete pop();
  }

  Node* spare_ = nullptr;  // linked through `next`
  std::size_t stock_ = 0;
  std::size_t promised_ = 0;  // reserved and not taken in this batch
};

}  // namespace flashkv::chain
