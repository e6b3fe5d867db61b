// What a batch does to one slot of a top array.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "storage/engine/perfect_hash/bucket.h"
#include "storage/engine/perfect_hash/slot_value.h"
#include "storage/reclaim/retire_list.h"

namespace flashkv::perfect_hash {

// Purpose: a few entries on the stack, from which a bucket is made.
class EntryList {
 public:
  bool push(const Entry& e) noexcept {
    if (size_ == Bucket::kMostWords) return false;
    entries_[size_++] = e;
    return true;
  }
  std::span<Entry> all() noexcept { return {entries_.data(), size_}; }

 private:
  std::array<Entry, Bucket::kMostWords> entries_;
  std::size_t size_ = 0;
};

// Purpose: the bucket that will stand in a slot, with an entry for every word that the batch may write there.
//          All that can fail is done when a word is promised; applying a change writes a leaf.
// Usage:   if (!draft.has(word) && !draft.rebuild(entries with the word, multipliers)) reject;
//          draft.set(word, leaf);  slot.content = draft.seal();
// Threads: one writer. Nobody else has the bucket before seal().
// Lifetime: owns the bucket, not the records.
class Draft {
 public:
  Draft() = default;
  Draft(const Draft&) = delete;
  Draft& operator=(const Draft&) = delete;
  ~Draft() { Bucket::destroy(bucket_); }

  std::span<const Entry> entries() const noexcept {
    return bucket_ != nullptr ? std::as_const(*bucket_).entries() : std::span<const Entry>();
  }
  bool has(std::uint64_t word) const noexcept {
    return bucket_ != nullptr && bucket_->entry(word) != nullptr;
  }
  Leaf look(std::uint64_t word) const noexcept { return bucket_->look(word); }

  // From its own entries, in their order, and more. False when memory is short; then all is as before.
  bool rebuild(std::span<const Entry> entries, Multipliers& multipliers, std::uint64_t hint = 0) noexcept {
    Bucket* built = Bucket::make(entries, multipliers, hint);
    if (built == nullptr) return false;
    Bucket::destroy(std::exchange(bucket_, built));
    return true;
  }

  bool changed() const noexcept { return changed_; }
  void set(std::uint64_t word, Leaf leaf) noexcept {
    bucket_->entries()[which(word)].leaf = leaf;
    changed_ = true;
  }
  // What stands in the slot from now on. Entries that are empty go with the bucket's next change.
  SlotValue seal() noexcept {
    const auto live = [](const Entry& e) { return !e.leaf.empty(); };
    const auto first = std::ranges::find_if(entries(), live);
    if (first == entries().end()) return SlotValue();
    if (std::none_of(first + 1, entries().end(), live)) return SlotValue(first->leaf);
    return SlotValue::of(std::exchange(bucket_, nullptr));
  }

  reclaim::RetireList* garbage = nullptr;  // where the slot's goes

 private:
  std::size_t which(std::uint64_t word) const noexcept {
    return static_cast<std::size_t>(bucket_->entry(word) - entries().data());
  }

  Bucket* bucket_ = nullptr;
  bool changed_ = false;
};

}  // namespace flashkv::perfect_hash
