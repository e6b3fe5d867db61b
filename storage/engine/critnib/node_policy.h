// Two policies for removed nodes: keep them all, or reuse them and have readers check.
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>

#include "storage/engine/critnib/node.h"
#include "storage/sync/sync.h"

namespace flashkv::critnib {

// Purpose: a first-in, first-out list of nodes.
// Lifetime: owns them, and frees them when it is destroyed with its index (I8).
class NodeList {
 public:
  NodeList() = default;
  NodeList(const NodeList&) = delete;
  NodeList& operator=(const NodeList&) = delete;
  ~NodeList() {
    while (first_ != nullptr) delete pop();
  }
  void push(Node* node) noexcept {
    node->next = nullptr;
    (first_ == nullptr ? first_ : last_->next) = node;
    last_ = node;
    ++size_;
  }
  Node* pop() noexcept {
    Node* node = first_;
    first_ = node->next;
    --size_;
    return node;
  }
  std::size_t size() const noexcept { return size_; }

 private:
  Node* first_ = nullptr;
  Node* last_ = nullptr;
  std::size_t size_ = 0;
};

// Purpose: the nodes that reserve() promised. No node is freed before the index is destroyed (I8).
// Usage:   if (!reserved.reserve()) reject;   Node* n = reserved.take();   reserved.drop_reservations();
class ReservedNodes {
 public:
  bool reserve() noexcept {
    if (free_.size() == promised_) {
      Node* node = new (std::nothrow) Node;
      if (node == nullptr) return false;
      ++allocated_;
      free_.push(node);
    }
    ++promised_;
    return true;
  }
  Node* take() noexcept {
    if (free_.size() == 0) sync::fatal("a critnib node that was not reserved");
    promised_ -= promised_ > 0 ? 1 : 0;
    return free_.pop();
  }
  void give(Node* node) noexcept { free_.push(node); }
  std::size_t promised() const noexcept { return promised_; }
  void roll_back(std::size_t promised) noexcept { promised_ = promised; }
  std::uint64_t bytes() const noexcept { return allocated_ * sizeof(Node); }

 private:
  NodeList free_;
  std::size_t promised_ = 0;  // how many of free_ are promised
  std::uint64_t allocated_ = 0;
};

// Purpose: a removed node is never touched again, so a reader inside it goes on as if the removal had come
//          later (I4).
// Cost:    a read: nothing. Memory: every removed node until the index is destroyed.
class KeptNodes : public ReservedNodes {
 public:
  static constexpr bool kBoundedGarbage = false;
  struct Look {
    bool good() const noexcept { return true; }
  };
  Look look() const noexcept { return {}; }
  void retire(Node* node) noexcept { kept_.push(node); }
  std::uint64_t leaked_bytes() const noexcept { return kept_.size() * sizeof(Node); }

 private:
  NodeList kept_;
};

// The memory orders of RecycledNodes.
struct RecyclingOrders {
  // Order a node's removal from the tree before the number that counts it: a reader that starts from this
  // number does not meet the node (I5).
  static constexpr sync::MemoryOrder kRaise = sync::kRelease;
  static constexpr sync::MemoryOrder kBefore = sync::kAcquire;
  // The loads of the walk are acquire and come first: a reader that met a node in its next life sees the
  // number of that time, or a later one (I5).
  static constexpr sync::MemoryOrder kAfter = sync::kRelaxed;
};

// Purpose: a removed node is used again after kLife more removals. A reader reads their number before and
//          after its walk, and walks again if it has risen by kLife.
// Cost:    a read: two loads of a line that the writer changes at each removal of a node. Memory: at most
//          kLife nodes wait, and the pool never shrinks: as many nodes as the fullest state had.
// Limits:  kLife is at least twice the largest batch, or every batch of removals sends readers back.
// Source:  A. Borowski, critnib (https://github.com/pmem/pmdk): a remove counter and a fixed number of lives.
template <std::size_t kLife, typename Orders = RecyclingOrders>
class RecycledNodes : public ReservedNodes {
 public:
  static constexpr bool kBoundedGarbage = true;
  class Look {
   public:
    explicit Look(const sync::Atomic<std::uint64_t>& removals) noexcept
        : removals_(removals), before_(removals.load(Orders::kBefore)) {}                    // (I5)
    bool good() const noexcept { return removals_.load(Orders::kAfter) - before_ < kLife; }  // (I5)

   private:
    const sync::Atomic<std::uint64_t>& removals_;
    const std::uint64_t before_;
  };
  Look look() const noexcept { return Look(removals_); }
  // After the node was unlinked (I5, I6).
  void retire(Node* node) noexcept {
    removals_.store(removals_.load(sync::kRelaxed) + 1, Orders::kRaise);
    waiting_.push(node);
    if (waiting_.size() > kLife) give(waiting_.pop());
  }
  std::uint64_t leaked_bytes() const noexcept { return 0; }
  std::size_t waiting() const noexcept { return waiting_.size(); }

 private:
  NodeList waiting_;
  alignas(sync::kOwnLine) sync::Atomic<std::uint64_t> removals_{0};
};

}  // namespace flashkv::critnib
