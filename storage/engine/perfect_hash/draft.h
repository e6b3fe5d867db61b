// The draft of a slot: what a batch will store in one slot of a top array.
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

// Purpose: collects entries, without allocating, for a bucket to be made from.
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

// Purpose: the slot's next bucket, with an entry for every word that the batch may write there. Everything
//          that can fail is done when a word is promised; applying a change writes a leaf.
// Usage:   if (!draft.has(word) && !draft.rebuild(entries with the word, multipliers)) reject;
//          draft.set(word, leaf);  slot.content = draft.seal();
// Threads: one writer. No reader can find the bucket before the slot is stored.
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

  // Replaces the bucket by one of these entries: the draft's own, in their order, and perhaps more. False
  // when memory is short; the draft is then unchanged.
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
  // The slot's new content. Entries that became empty stay in the bucket until it is next rebuilt.
  SlotValue seal() noexcept {
    const auto live = [](const Entry& e) { return !e.leaf.empty(); };
    const auto first = std::ranges::find_if(entries(), live);
    if (first == entries().end()) return SlotValue();
    if (std::none_of(first + 1, entries().end(), live)) return SlotValue(first->leaf);
    return SlotValue::of(std::exchange(bucket_, nullptr));
  }

  reclaim::RetireList* garbage = nullptr;  // takes the slot's garbage

 private:
  std::size_t which(std::uint64_t word) const noexcept {
    return static_cast<std::size_t>(bucket_->entry(word) - entries().data());
  }

  Bucket* bucket_ = nullptr;
  bool changed_ = false;
};

}  // namespace flashkv::perfect_hash
