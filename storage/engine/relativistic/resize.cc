// The steps of a resize.
#include "storage/engine/parts/chain/edit.h"
#include "storage/engine/relativistic/resizing_buckets.h"

namespace flashkv {
namespace {

using chain::Buckets;
using chain::Link;
using chain::Node;

// The cost of a bucket in units, with a chain and without.
constexpr std::uint64_t kChainUnits = 8;
constexpr std::uint64_t kEmptyUnits = 1;
constexpr std::uint64_t kBucketsAhead = 8;
// Room for erased nodes that is kept from one resize to the next.
constexpr std::size_t kErasedKept = 4096;

std::uint64_t cost_of(const Link& link) noexcept {
  return link.load(sync::kRelaxed) != nullptr ? kChainUnits : kEmptyUnits;
}
void spend(std::uint64_t& units, std::uint64_t cost) noexcept { units -= cost < units ? cost : units; }

void look_ahead(const Buckets& buckets, std::uint64_t index) noexcept {
  if (index + kBucketsAhead >= buckets.size()) return;
  __builtin_prefetch(buckets.link(index + kBucketsAhead).load(sync::kRelaxed), 1);
}

}  // namespace

// Takes steps. Returns true if the next one needs a grace period, false if out of units or at rest.
bool ResizingBuckets::run(std::uint64_t& units) noexcept {
  while (units > 0 && step(units)) {
    if (waits_) return true;
  }
  return false;
}

// One bucket, one erased node, or the end of a phase. Returns false at rest.
bool ResizingBuckets::step(std::uint64_t& units) noexcept {
  switch (phase_) {
    case Phase::kRest:
      return begin();
    case Phase::kFill:
      if (at_ == current_->size()) {
        show();
        break;
      }
      look_ahead(*current_, at_);
      spend(units, cost_of(current_->link(at_)));
      fill(at_++);
      break;
    case Phase::kJoin:
      if (at_ == other_->size()) {
        show();
        break;
      }
      look_ahead(*current_, at_);
      look_ahead(*current_, at_ + other_->size());
      spend(units, kChainUnits);
      join(at_++);
      break;
    case Phase::kUnzip:
      if (at_ == other_->size()) {
        end_pass();
        break;
      }
      look_ahead(*other_, at_);
      spend(units, cost_of(other_->link(at_)));
      shared_rest_ |= unzip(at_++);
      break;
    case Phase::kDrop:
      other_.reset();  // (I10)
      phase_ = Phase::kUnlink;
      break;
    case Phase::kUnlink:
      spend(units, kChainUnits);
      unlink_erased();
      break;
    case Phase::kFree:
      spend(units, kEmptyUnits);
      free_erased();
      break;
  }
  return true;
}

bool ResizingBuckets::begin() noexcept {
  if (!other_) return false;
  phase_ = other_->size() > current_->size() ? Phase::kFill : Phase::kJoin;
  at_ = 0;
  return true;
}

// Makes the first access to a fresh page a store. A load would map the system's page of zeros, which the
// first store then replaces, and every such replacement interrupts all processors that run a reader.
void ResizingBuckets::touch(std::uint64_t old_index) noexcept {
  constexpr std::uintptr_t kPage = 4096;
  for (std::uint64_t i = old_index; i < other_->size(); i += current_->size()) {
    Link& link = other_->link(i);
    // Only the first link of a page, or of each stretch of the new array as long as the old one.
    if (old_index != 0 && reinterpret_cast<std::uintptr_t>(&link) % kPage != 0) return;
    link.store(nullptr, sync::kRelaxed);
  }
}

// Points every new bucket of this chain at its first node there; what follows may belong to others (I6).
void ResizingBuckets::fill(std::uint64_t old_index) noexcept {
  touch(old_index);
  for (Node* n = current_->link(old_index).load(sync::kRelaxed); n != nullptr;
       n = n->next.load(sync::kRelaxed)) {
    Link& head = other_->link(n->hash);
    if (head.load(sync::kRelaxed) == nullptr) head.store(n, sync::kRelaxed);
  }
}

// Links the end of the lower chain to the head of the upper one: readers of the lower bucket pass more nodes
// than they need, and readers of the new bucket pass all of them (I6).
void ResizingBuckets::join(std::uint64_t new_index) noexcept {
  Link& lower = current_->link(new_index);
  Node* upper = current_->link(new_index + other_->size()).load(sync::kRelaxed);
  if (upper != nullptr) chain::link_to(lower, nullptr).store(upper, sync::kRelease);  // (I1)
  other_->link(new_index).store(lower.load(sync::kRelaxed), sync::kRelaxed);
}

// Shows the new array: readers that load its address see it filled (I7).
void ResizingBuckets::show() noexcept {
  readable_.store(other_.get(), sync::kRelease);
  current_.swap(other_);
  phase_ = phase_ == Phase::kFill ? Phase::kUnzip : Phase::kDrop;
  at_ = 0;
  shared_rest_ = false;
  waits_ = true;
}

// Changes one link of one old chain. Its shared rest begins with a run of nodes of one bucket, and since the
// last grace period only readers of that bucket reach it (I8): the run's last node can skip the nodes of
// others. Readers that are on those nodes now still need their links, so the next link has to wait. True: the
// rest is still shared.
bool ResizingBuckets::unzip(std::uint64_t old_index) noexcept {
  Link& rest = other_->link(old_index);
  Node* last = rest.load(sync::kRelaxed);
  if (last == nullptr) return false;
  const std::uint64_t bucket = current_->index(last->hash);
  Node* others = last->next.load(sync::kRelaxed);
  while (others != nullptr && current_->index(others->hash) == bucket) {
    last = others;
    others = last->next.load(sync::kRelaxed);
  }
  bool shared = false;
  Node* resumes = others;
  while (resumes != nullptr && current_->index(resumes->hash) != bucket) {
    shared |= current_->index(resumes->hash) != current_->index(others->hash);
    resumes = resumes->next.load(sync::kRelaxed);
  }
  shared |= resumes != nullptr;
  if (others != nullptr) last->next.store(resumes, sync::kRelease);  // (I8)
  rest.store(shared ? others : nullptr, sync::kRelaxed);
  return shared;
}

void ResizingBuckets::end_pass() noexcept {
  at_ = 0;
  if (shared_rest_) {
    shared_rest_ = false;
    waits_ = true;
    return;
  }
  other_.reset();  // (I10)
  phase_ = Phase::kUnlink;
}

// Cuts out one erased node: every node has one predecessor again (I9).
void ResizingBuckets::unlink_erased() noexcept {
  if (at_ < erased_.size()) {
    Node& node = *erased_[at_++];
    chain::cut(current_->link(node.hash), node);
    return;
  }
  phase_ = Phase::kFree;
  waits_ = !erased_.empty();  // (I4)
}

void ResizingBuckets::free_erased() noexcept {
  if (!erased_.empty()) {
    delete erased_.back();
    erased_.pop_back();
  }
  if (!erased_.empty()) return;
  if (erased_.capacity() > kErasedKept) std::vector<Node*>().swap(erased_);
  phase_ = Phase::kRest;
}

}  // namespace flashkv
