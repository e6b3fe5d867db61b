// How a slot's words move to the next top array. The definitions of Index's private members.
//
// A move builds the slots that its words will be in, stores those, and last marks the old slot. A reader
// finds either the old content or the mark, and behind the mark slots that are already filled. The old bucket
// is retired as if it had been replaced; the leaves are the same in both places.
#pragma once

#include "storage/engine/perfect_hash/index.h"

namespace flashkv::perfect_hash {

// Appends the words whose leaf is not empty.
template <typename Access>
void Index<Access>::gather(SlotValue content, EntryList& list) const noexcept {
  if (const Bucket* bucket = content.bucket()) {
    for (const Entry& e : std::as_const(*bucket).entries()) {
      if (!e.leaf.empty()) list.push(e);
    }
  } else if (!content.leaf().empty()) {
    list.push({word_of(content.leaf()), content.leaf()});
  }
}

// Sorts the entries by their slot in `top` and calls f(slot's index, its entries) for each slot, until f
// returns false.
template <typename Access>
template <typename F>
bool Index<Access>::for_groups(std::span<Entry> entries, const Array& top, F&& f) noexcept {
  std::ranges::sort(entries, {}, [&](const Entry& e) { return top.index(e.word); });
  for (std::size_t first = 0; first < entries.size();) {
    const std::size_t index = top.index(entries[first].word);
    std::size_t end = first + 1;
    while (end < entries.size() && top.index(entries[end].word) == index) ++end;
    if (!f(index, entries.subspan(first, end - first))) return false;
    first = end;
  }
  return true;
}

// False when memory is short; then nothing has moved. All that can fail comes before the first store, and the
// mark, which sends readers on, after the last (I2).
template <typename Access>
bool Index<Access>::move(const Place& place) noexcept {
  const Array& to = *place.top->next();
  reclaim::RetireList* garbage = nullptr;
  if (place.content.word() != 0) {
    // For the bucket and the slot's readers.
    garbage = reserve(*place.top, *place.slot, 2);
    if (garbage == nullptr) return false;
  }
  Built built;
  const auto draft = drafts_.find(place.slot);
  const bool complete =
      build(place.content, to, built) && (draft == drafts_.end() || move_draft(draft->second, to));
  if (!complete) {
    for (const SlotValue& c : built) Bucket::destroy(c.bucket());
    return false;
  }
  const auto first = static_cast<std::size_t>(place.slot - &place.top->at(0)) * Array::kStep;
  for (std::size_t i = 0; i < built.size(); ++i) {
    if (built[i].word() == 0) continue;
    to.at(first + i).content.store(built[i].word(), Orders::kFill);  // (I2)
    account(SlotValue(), built[i], nullptr);
  }
  place.slot->content.store(SlotValue::moved().word(), Orders::kMark);  // (I2)
  account(place.content, SlotValue::moved(), garbage);
  if (garbage != nullptr) access_.retire_readers(*garbage);  // (I4)
  if (draft != drafts_.end()) drafts_.erase(draft);
  return true;
}

// What the content's words become in `to`, by the last kStepLog2 bits of their slot. False when memory is
// short; `built` then holds the buckets made so far.
template <typename Access>
bool Index<Access>::build(SlotValue content, const Array& to, Built& built) noexcept {
  EntryList list;
  gather(content, list);
  return for_groups(list.all(), to, [&](std::size_t index, std::span<const Entry> group) {
    SlotValue& made = built[index % Array::kStep];
    if (group.size() == 1) {
      made = SlotValue(group[0].leaf);
      return true;
    }
    Bucket* bucket = Bucket::make(group, multipliers_);
    if (bucket != nullptr) made = SlotValue::of(bucket);
    return bucket != nullptr;
  });
}

// Makes drafts in `to` for the words that the batch has reserved, with room for their garbage. False when
// memory is short; then there are none.
template <typename Access>
bool Index<Access>::move_draft(const Draft& draft, const Array& to) noexcept {
  EntryList list;
  for (const Entry& e : draft.entries()) list.push(e);
  const bool complete = for_groups(list.all(), to, [&](std::size_t index, std::span<const Entry> group) {
    std::size_t changes = 0;
    for (const Entry& e : group) changes += batch_.changes(e.word);
    // Only neighbours of reserved words: a later open() makes their draft.
    if (changes == 0) return true;
    return carry(to.at(index), reserve(to, to.at(index), kKeyEntries * changes), group);
  });
  if (!complete) drop_drafts(draft, to);
  return complete;
}

// The draft of one slot in the next array.
template <typename Access>
bool Index<Access>::carry(Slot& slot, reclaim::RetireList* garbage, std::span<const Entry> entries) noexcept
    try {
  if (garbage == nullptr) return false;
  Draft& made = drafts_.try_emplace(&slot).first->second;
  made.garbage = garbage;
  return made.rebuild(entries, multipliers_);
} catch (const std::bad_alloc&) {
  return false;
}

template <typename Access>
void Index<Access>::drop_drafts(const Draft& draft, const Array& to) noexcept {
  for (const Entry& e : draft.entries()) drafts_.erase(&to.slot(e.word));
}

}  // namespace flashkv::perfect_hash
