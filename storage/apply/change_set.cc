#include "storage/apply/change_set.h"

#include <algorithm>
#include <bit>

namespace flashkv {

void ChangeSet::begin(std::size_t ops) {
  changes_.clear();
  mask_ = 0;
  promised_ = 0;
  make_room(ops);
}

void ChangeSet::make_room(std::size_t keys) {
  const std::size_t all = promised_ + keys;
  if (changes_.capacity() < all) changes_.reserve(std::max(all, 2 * changes_.capacity()));
  const std::size_t slots = std::bit_ceil(2 * all);
  if (all > kSearchedInLine && slots > mask_ + 1) {
    if (index_.size() < slots) index_.resize(slots);
    std::fill_n(index_.begin(), slots, 0U);
    mask_ = slots - 1;
    for (std::size_t i = 0; i < changes_.size(); ++i) enter(changes_[i].probe.hash, i + 1);
  }
  promised_ = all;
}

void ChangeSet::enter(std::uint64_t hash, std::size_t number) noexcept {
  std::size_t at = hash & mask_;
  while (index_[at] != 0) at = (at + 1) & mask_;
  index_[at] = static_cast<std::uint32_t>(number);
}

Change* ChangeSet::find(const Probe& probe) noexcept {
  if (mask_ == 0) {
    for (Change& c : changes_) {
      if (c.probe.hash == probe.hash && c.probe.key == probe.key) return &c;
    }
    return nullptr;
  }
  for (std::size_t at = probe.hash & mask_; index_[at] != 0; at = (at + 1) & mask_) {
    Change& c = changes_[index_[at] - 1];
    if (c.probe.hash == probe.hash && c.probe.key == probe.key) return &c;
  }
  return nullptr;
}

Change& ChangeSet::add(const Probe& probe, Record* base) noexcept {
  Change& c = changes_.emplace_back();
  c.probe = probe;
  c.base = base;
  if (mask_ != 0) enter(probe.hash, changes_.size());
  return c;
}

}  // namespace flashkv
