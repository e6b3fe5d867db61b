// What stands in a slot of a top array.
#pragma once

#include <cstddef>
#include <cstdint>

#include "storage/engine/parts/collision_chain.h"
#include "storage/engine/perfect_hash/bucket.h"

namespace flashkv::perfect_hash {

// Purpose: one word: nothing, the leaf of the only word here, a bucket of several, or the mark that all that
//          was here has moved to the next top array.
// Usage:   SlotValue c(slot.content.load(acquire));  if (!c.is_moved()) c.look(word).find(key);
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
  // Null where there is none.
  Bucket* bucket() const noexcept {
    return is_bucket() ? reinterpret_cast<Bucket*>(word_ - kBucketTag) : nullptr;
  }
  // Empty where there is a bucket, or nothing.
  Leaf leaf() const noexcept { return is_bucket() ? Leaf() : Leaf(word_); }
  // Where a word leads; the leaf may be another word's, so compare keys.
  Leaf look(std::uint64_t word) const noexcept { return is_bucket() ? bucket()->look(word) : Leaf(word_); }
  // Words that lead to something.
  std::size_t live() const noexcept {
    if (!is_bucket()) return word_ != 0 ? 1 : 0;
    std::size_t count = 0;
    for (const Entry& e : bucket()->entries()) count += e.leaf.empty() ? 0 : 1;
    return count;
  }
  // Beside leaves.
  std::size_t bytes() const noexcept { return is_bucket() ? bucket()->bytes() : 0; }

  // With all its records: nobody can find them.
  void destroy() const noexcept {
    if (!is_bucket()) return leaf().destroy();
    for (const Entry& e : bucket()->entries()) e.leaf.destroy();
    Bucket::destroy(bucket());
  }

 private:
  // A leaf uses bit 0 for itself.
  static constexpr std::uintptr_t kBucketTag = 2;
  static constexpr std::uintptr_t kMoved = 4;
  bool is_bucket() const noexcept { return (word_ & kBucketTag) != 0; }

  std::uintptr_t word_ = 0;
};

}  // namespace flashkv::perfect_hash
