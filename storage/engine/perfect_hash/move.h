// How a slot's words get to the next top array. Part of index.h.
#pragma once

#include "storage/engine/perfect_hash/index.h"

namespace flashkv::perfect_hash {

// All words that lead to something.
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

// f(slot's index, the entries that belong there), as long as it answers true.
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

// Everything is built before anything is shown; the new slots are complete before the old one's mark sends
// readers there (I2). False when memory is short; then nothing has moved.
template <typename Access>
bool Index<Access>::move(const Place& place) noexcept {
  const Array& to = *place.top->next();
  reclaim::RetireList* garbage = nullptr;
  if (place.content.word() != 0) {
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
    if (built[i].word() != 0) replace(to.at(first + i), built[i], nullptr);
  }
  replace(*place.slot, SlotValue::moved(), garbage);
  if (garbage != nullptr) access_.retire_readers(*garbage);  // (I4)
  if (draft != drafts_.end()) drafts_.erase(draft);
  return true;
}

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

// What was promised keeps its place in a draft, and its room for garbage.
template <typename Access>
bool Index<Access>::move_draft(const Draft& draft, const Array& to) noexcept {
  EntryList list;
  for (const Entry& e : draft.entries()) list.push(e);
  const bool complete = for_groups(list.all(), to, [&](std::size_t index, std::span<const Entry> group) {
    std::size_t changes = 0;
    for (const Entry& e : group) changes += batch_.changes(e.word);
    return changes == 0 || carry(to.at(index), reserve(to, to.at(index), kKeyEntries * changes), group);
  });
  if (!complete) drop_drafts(draft, to);
  return complete;
}

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
