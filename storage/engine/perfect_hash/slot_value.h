// The content of a slot of a top array.
#pragma once

#include <cstddef>
#include <cstdint>

#include "storage/engine/parts/collision_chain.h"
#include "storage/engine/perfect_hash/bucket.h"

namespace flashkv::perfect_hash {

// Purpose: one word that holds nothing (0), the leaf of the only word in the slot, the address of a bucket,
//          or the mark that the slot's words have moved to the next top array. A slot that is marked stays
//          marked.
// Usage:   SlotValue v(slot.content.load(acquire));  if (!v.is_moved()) v.look(word).find(key);
//          slot.content.store(SlotValue::of(bucket).word(), release);
// Cost:    look(): nothing for a leaf; for a bucket up to three cache lines.
class SlotValue {
 public:
  SlotValue() = default;
  explicit SlotValue(std::uintptr_t word) noexcept : word_(word) {}
  explicit SlotValue(Leaf leaf) noexcept : word_(leaf.word()) {}
  static SlotValue of(Bucket* bucket) noexcept {
    return SlotValue(reinterpret_cast<std::uintptr_t>(bucket) | kBucketTag);
  }
  static SlotValue moved() noexcept { return SlotValue(kMoved); }

  std::uintptr_t word() const noexcept { return word_; }
  bool is_moved() const noexcept { return word_ == kMoved; }
  // All below: the value is not the mark.

  // Null unless there is a bucket.
  Bucket* bucket() const noexcept {
    return is_bucket() ? reinterpret_cast<Bucket*>(word_ - kBucketTag) : nullptr;
  }
  // Empty unless the slot holds a single leaf.
  Leaf leaf() const noexcept { return is_bucket() ? Leaf() : Leaf(word_); }
  // The leaf that the word leads to. It may be another word's: compare keys.
  Leaf look(std::uint64_t word) const noexcept { return is_bucket() ? bucket()->look(word) : Leaf(word_); }
  // The number of words whose leaf is not empty.
  std::size_t live() const noexcept {
    if (!is_bucket()) return word_ != 0 ? 1 : 0;
    std::size_t count = 0;
    for (const Entry& e : bucket()->entries()) count += e.leaf.empty() ? 0 : 1;
    return count;
  }
  // Of the bucket, without its leaves.
  std::size_t bytes() const noexcept { return is_bucket() ? bucket()->bytes() : 0; }

  // Frees the bucket and chains and releases all records. No reader may be left.
  void destroy() const noexcept {
    if (!is_bucket()) return leaf().destroy();
    for (const Entry& e : bucket()->entries()) e.leaf.destroy();
    Bucket::destroy(bucket());
  }

 private:
  // Addresses are multiples of 8; bit 0 is the leaf's own.
  static constexpr std::uintptr_t kBucketTag = 2;
  static constexpr std::uintptr_t kMoved = 4;
  bool is_bucket() const noexcept { return (word_ & kBucketTag) != 0; }

  std::uintptr_t word_ = 0;
};

}  // namespace flashkv::perfect_hash
