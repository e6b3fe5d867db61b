#include "storage/engine/relativistic/resizing_buckets.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <new>
#include <utility>

#include "storage/engine/parts/chain/edit.h"

namespace flashkv {

using chain::Buckets;
using chain::Link;
using chain::Node;

ResizingBuckets::ResizingBuckets() : ResizingBuckets(Pace{}) {}
ResizingBuckets::ResizingBuckets(Pace pace)
    : pace_(pace), current_(Buckets::make(pace.min_log2)), readable_(current_.get()) {
  if (!current_) throw std::bad_alloc();
}

// Without readers every grace period is over at once, and a finished resize leaves each node in one chain.
ResizingBuckets::~ResizingBuckets() {
  if (phase_ == Phase::kRest) other_.reset();
  while (phase_ != Phase::kRest) {
    std::uint64_t units = std::numeric_limits<std::uint64_t>::max();
    waits_ = false;
    run(units);
  }
  chain::destroy_all(*current_);
}

unsigned ResizingBuckets::wanted_log2() const noexcept {
  const unsigned now = current_->log2();
  if (keys_ > current_->size()) {
    return std::min(kMaxLog2, static_cast<unsigned>(std::bit_width(keys_ - 1)));
  }
  if (keys_ < current_->size() / kSparse && now > pace_.min_log2) return now - 1;
  return now;
}

// If memory is short, the chains merely stay longer than they should be.
void ResizingBuckets::order_array() noexcept {
  const unsigned log2 = wanted_log2();
  if (log2 == current_->log2()) {
    other_.reset();
  } else if (!other_ || other_->log2() != log2) {
    if (auto made = Buckets::make(log2)) other_ = std::move(made);
  }
}

// The one place that may allocate.
bool ResizingBuckets::reserve(std::size_t erasures) noexcept try {
  const std::size_t needed = erased_.size() + erasures;
  if (needed > erased_.capacity()) erased_.reserve(std::max(needed, 2 * erased_.capacity()));
  if (phase_ == Phase::kRest) order_array();
  return true;
} catch (const std::bad_alloc&) {
  return false;
}

// Puts the node where walks from every array that readers may use from now on pass it (I6).
void ResizingBuckets::insert(Node& node) noexcept {
  ++keys_;
  Link& head = current_->link(node.hash);
  if (phase_ == Phase::kJoin && other_->index(node.hash) < at_) {
    insert_joined(node, other_->index(node.hash));
    return;
  }
  chain::push(head, node);
  // The new bucket points into this chain already. Relaxed: readers do not see the new array yet.
  if (phase_ == Phase::kFill && current_->index(node.hash) < at_) {
    other_->link(node.hash).store(&node, sync::kRelaxed);
  }
}

// The chain of the lower old bucket runs on into the upper one's. A node in front of it is passed only by
// readers of the lower bucket and, later, of the new one; a node of the upper one goes between the two.
void ResizingBuckets::insert_joined(Node& node, std::uint64_t new_index) noexcept {
  Link& lower = current_->link(new_index);
  Link& own = current_->link(node.hash);
  Node* first = own.load(sync::kRelaxed);
  Link& before = chain::link_to(lower, first);
  node.next.store(first, sync::kRelaxed);
  before.store(&node, sync::kRelease);  // (I1)
  own.store(&node, sync::kRelease);     // (I1)
  other_->link(new_index).store(lower.load(sync::kRelaxed), sync::kRelaxed);
}

// Returns false if another chain may also lead to the node, which then stays until the resize is over (I9).
bool ResizingBuckets::unlink(Node& node) noexcept {
  --keys_;
  if (chains_share_nodes()) {
    node.record.store(nullptr, sync::kRelaxed);  // publishes nothing
    erased_.push_back(&node);
    return false;
  }
  chain::cut(current_->link(node.hash), node);
  return true;
}

std::uint64_t ResizingBuckets::index_bytes() const noexcept {
  return current_->bytes() + (other_ ? other_->bytes() : 0) + keys_ * sizeof(Node) +
         erased_.capacity() * sizeof(Node*);
}

}  // namespace flashkv
