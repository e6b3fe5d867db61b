#include "storage/apply/change_set.h"

#include <algorithm>
#include <bit>

namespace flashkv {

void ChangeSet::begin(std::size_t ops) {
  changes_.clear();
  mask_ = 0;
  if (changes_.capacity() < ops) changes_.reserve(std::max(ops, 2 * changes_.capacity()));
  if (ops <= kSearchedInLine) return;
  const std::size_t slots = std::bit_ceil(2 * ops);
  if (index_.size() < slots) index_.resize(slots);
  std::fill_n(index_.begin(), slots, 0U);
  mask_ = slots - 1;
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
  if (mask_ != 0) {
    std::size_t at = probe.hash & mask_;
    while (index_[at] != 0) at = (at + 1) & mask_;
    index_[at] = static_cast<std::uint32_t>(changes_.size());
  }
  return c;
}

}  // namespace flashkv
