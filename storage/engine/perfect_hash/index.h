// The writer's side: drafts of what a batch changes, and the moves from one top array to the next.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <new>
#include <span>
#include <utility>

#include "storage/engine/parts/batch_words.h"
#include "storage/engine/perfect_hash/draft.h"
#include "storage/engine/perfect_hash/top_arrays.h"
#include "storage/sync/sync.h"
#include "storage/table/engine_options.h"

namespace flashkv::perfect_hash {

// Purpose: maps words to leaves. open() makes a draft of each slot that a batch may change, and publish()
//          shows the drafts, one release store a slot. Beyond Parameters::kMostLoad words a slot a larger top
//          array is added, and slots move there one by one: those that a batch is about to write to, and a
//          few more before every batch.
// Usage:   Draft* d = index.open(word);  if (d == nullptr) reject;  ...  d->set(word, leaf);
//          index.publish();
//          between batches: index.advance(units);
// Threads: one writer; arrays().readable() from any.
// Cost:    open(): makes a bucket of the slot's words; while the table grows, the slot moves first, which
//          makes up to as many buckets as it has words. advance(): a unit is a word moved or a slot visited.
// Errors:  open() returns null when memory is short, or when the slot has kMostWords words and cannot move.
template <typename Access>
class Index {
 public:
  using Slot = typename Access::Slot;
  using Parameters = typename Access::Parameters;
  using Arrays = TopArrays<Slot, Parameters>;

  // `batch`: the promises since the last publish; open() is called before the word's own promise is added.
  Index(const EngineOptions& options, Access& access, const BatchWords& batch)
      : access_(access),
        batch_(batch),
        hash_(options.hash),
        multipliers_(options.hash("multipliers")),
        arrays_(multipliers_.next()) {}

  // The leaf that a word leads to in the staged state, perhaps another word's.
  Leaf look(std::uint64_t word) const noexcept {
    const auto place = arrays_.locate(word);
    const auto draft = drafts_.find(place.slot);
    return draft != drafts_.end() ? draft->second.look(word) : place.content.look(word);
  }

  Draft* open(std::uint64_t word) noexcept;
  // The draft of a word that was opened in this batch (I6).
  Draft& draft(std::uint64_t word) noexcept {
    const auto at = drafts_.find(arrays_.locate(word).slot);
    if (at == drafts_.end() || !at->second.has(word)) sync::fatal("a word that was not reserved");
    return at->second;
  }
  void publish() noexcept;
  // Drops all drafts. None of them has unpublished changes.
  void drop() noexcept {
    drafts_.clear();
    promised_ = 0;
  }
  void advance(std::size_t units) noexcept;

  const Arrays& arrays() const noexcept { return arrays_; }
  bool growing() const noexcept { return arrays_.first().next() != nullptr; }
  std::uint64_t words() const noexcept { return words_; }
  std::uint64_t bytes() const noexcept { return arrays_.bytes() + bytes_; }

 private:
  using Orders = typename Parameters::Orders;
  using Array = typename Arrays::Array;
  using Place = typename Arrays::Place;
  using Built = std::array<SlotValue, Array::kStep>;
  static constexpr std::size_t kKeyEntries =
      LeafChange::kMostRetired + 1;  // garbage of a key: its bucket, too

  reclaim::RetireList* reserve(const Array& top, Slot& slot, std::size_t entries) noexcept {
    return access_.reserve(slot, top.parent(slot), entries);
  }
  std::uint64_t word_of(const Leaf& leaf) const noexcept { return hash_(leaf.any()->key()); }
  void gather(SlotValue content, EntryList& list) const noexcept;
  template <typename F>
  static bool for_groups(std::span<Entry> entries, const Array& top, F&& f) noexcept;
  bool include(Draft& draft, const Place& place, std::uint64_t word) noexcept;
  bool move(const Place& place) noexcept;
  bool build(SlotValue content, const Array& to, Built& built) noexcept;
  bool move_draft(const Draft& draft, const Array& to) noexcept;
  bool carry(Slot& slot, reclaim::RetireList* garbage, std::span<const Entry> entries) noexcept;
  void drop_drafts(const Draft& draft, const Array& to) noexcept;
  void account(SlotValue old, SlotValue now, reclaim::RetireList* garbage) noexcept;

  Access& access_;
  const BatchWords& batch_;
  const KeyHash hash_;
  Multipliers multipliers_;
  Arrays arrays_;
  std::map<Slot*, Draft> drafts_;
  std::size_t at_ = 0;          // of the first top array: slots before it have moved
  std::uint64_t words_ = 0;     // published
  std::uint64_t promised_ = 0;  // new ones in this batch
  std::uint64_t bytes_ = 0;     // of buckets in slots
};

template <typename Access>
Draft* Index<Access>::open(std::uint64_t word) noexcept try {
  // If memory is short, the table stays as it is and tries again with the next word.
  if (words_ + promised_ >= Parameters::kMostLoad * arrays_.last().size()) arrays_.add();
  Place place = arrays_.locate(word);
  auto at = drafts_.find(place.slot);
  // A slot whose draft has changes stays where it is: what they replaced is bound to this slot's readers
  // (I4).
  while (place.top->next() != nullptr && (at == drafts_.end() || !at->second.changed())) {
    if (!move(place)) return nullptr;
    place = arrays_.locate(word);
    at = drafts_.find(place.slot);
  }
  reclaim::RetireList* garbage = reserve(*place.top, *place.slot, kKeyEntries);
  if (garbage == nullptr) return nullptr;
  const bool fresh = at == drafts_.end();
  if (fresh) at = drafts_.try_emplace(place.slot).first;
  Draft& draft = at->second;
  if (!draft.has(word) && !include(draft, place, word)) {
    if (fresh) drafts_.erase(at);
    return nullptr;
  }
  draft.garbage = garbage;
  return &draft;
} catch (const std::bad_alloc&) {
  return nullptr;
}

// Adds an entry for the word to the draft's entries or, in a new draft, to the slot's.
template <typename Access>
bool Index<Access>::include(Draft& draft, const Place& place, std::uint64_t word) noexcept {
  EntryList list;
  std::uint64_t hint = 0;
  if (draft.entries().empty()) {
    gather(place.content, list);
    if (const Bucket* bucket = place.content.bucket()) hint = bucket->multiplier();
  } else {
    for (const Entry& e : draft.entries()) list.push(e);
  }
  const bool known = std::ranges::find(list.all(), word, &Entry::word) != list.all().end();
  if (!known && !list.push({word, Leaf()})) return false;
  if (!draft.rebuild(list.all(), multipliers_, hint)) return false;
  promised_ += known ? 0 : 1;
  return true;
}

template <typename Access>
void Index<Access>::publish() noexcept {
  for (auto& [slot, draft] : drafts_) {
    if (!draft.changed()) continue;
    const SlotValue old(slot->content.load(sync::kRelaxed));
    const SlotValue now = draft.seal();
    slot->content.store(now.word(), Orders::kShow);  // (I1)
    words_ += now.live();
    words_ -= old.live();
    account(old, now, draft.garbage);
  }
  drop();
}

// Call after a slot's content was replaced. The old bucket is retired to the list of the slot whose readers
// may hold it (I4).
template <typename Access>
void Index<Access>::account(SlotValue old, SlotValue now, reclaim::RetireList* garbage) noexcept {
  bytes_ += now.bytes();
  bytes_ -= old.bytes();
  Bucket* bucket = old.bucket();
  if (bucket == nullptr) return;
  const auto destroy = [](void* b) noexcept { Bucket::destroy(static_cast<Bucket*>(b)); };
  garbage->retire(bucket, destroy, bucket->bytes());
}

template <typename Access>
void Index<Access>::advance(std::size_t units) noexcept {
  while (growing()) {
    Array& top = arrays_.first();
    if (at_ == top.size()) {
      arrays_.leave_first();
      at_ = 0;
      continue;
    }
    Slot& slot = top.at(at_);
    const SlotValue content(slot.content.load(sync::kRelaxed));
    const std::size_t cost = content.is_moved() ? 1 : 1 + content.live();
    if (units < cost || (!content.is_moved() && !move({&top, &slot, content}))) return;
    units -= cost;
    ++at_;
  }
}

}  // namespace flashkv::perfect_hash

#include "storage/engine/perfect_hash/move.h"
