#include "storage/table/overlay_changes.h"

#include <algorithm>
#include <bit>
#include <new>

namespace flashkv {
namespace {
// Index slots for each promised key: at most half are ever used, so probe sequences stay short.
constexpr std::size_t kSlotsPerKey = 2;
constexpr std::size_t kMinSlots = 16;
}  // namespace

bool OverlayChanges::reserve(std::size_t keys) noexcept try {
  const std::size_t wanted = promised_ + keys;
  if (changes_.capacity() < wanted) changes_.reserve(std::max(wanted, 2 * changes_.capacity()));
  const std::size_t slots = std::bit_ceil(std::max(wanted * kSlotsPerKey, kMinSlots));
  if (index_.size() < slots) {
    std::vector<std::uint32_t> wider(slots, 0);
    index_.swap(wider);
    const std::size_t mask = slots - 1;
    for (std::size_t i = 0; i < changes_.size(); ++i) {
      std::size_t at = changes_[i].hash & mask;
      while (index_[at] != 0) at = (at + 1) & mask;
      index_[at] = static_cast<std::uint32_t>(i + 1);
    }
  }
  promised_ = wanted;
  return true;
} catch (const std::bad_alloc&) {
  return false;
}

OverlayChanges::Change* OverlayChanges::locate(const Probe& probe) noexcept {
  if (changes_.empty()) return nullptr;
  const std::size_t mask = index_.size() - 1;
  for (std::size_t at = probe.hash & mask; index_[at] != 0; at = (at + 1) & mask) {
    Change& c = changes_[index_[at] - 1];
    if (c.live && c.hash == probe.hash && c.key() == probe.key) return &c;
  }
  return nullptr;
}

const OverlayChanges::Change* OverlayChanges::find(const Probe& probe) const noexcept {
  return const_cast<OverlayChanges*>(this)->locate(probe);
}

void OverlayChanges::add(const Change& change) noexcept {
  const std::size_t mask = index_.size() - 1;
  std::size_t at = change.hash & mask;
  while (index_[at] != 0) at = (at + 1) & mask;
  changes_.push_back(change);
  index_[at] = static_cast<std::uint32_t>(changes_.size());
}

void OverlayChanges::account(const Record* before, const Record* after) noexcept {
  key_delta_ += (after != nullptr ? 1 : 0) - (before != nullptr ? 1 : 0);
  if (after != nullptr) byte_delta_ += static_cast<std::int64_t>(after->bytes());
  if (before != nullptr) byte_delta_ -= static_cast<std::int64_t>(before->bytes());
}

void OverlayChanges::put(Record* base, Record* record, std::uint64_t hash) noexcept {
  record->retain();
  Change* c = locate(Probe{record->key(), hash});
  if (c == nullptr) {
    account(base, record);
    add(Change{hash, base, record, true});
    return;
  }
  Record* replaced = c->staged;
  account(c->staged, record);
  c->staged = record;
  if (replaced != nullptr) replaced->release();
}

void OverlayChanges::erase(Record* base, const Probe& probe) noexcept {
  Change* c = locate(probe);
  if (c == nullptr) {
    if (base == nullptr) return;
    account(base, nullptr);
    add(Change{probe.hash, base, nullptr, true});
    return;
  }
  Record* replaced = c->staged;
  account(replaced, nullptr);
  c->staged = nullptr;
  c->live = c->base != nullptr;
  if (replaced != nullptr) replaced->release();
}

void OverlayChanges::clear() noexcept {
  for (Change& c : changes_) {
    if (c.staged != nullptr) c.staged->release();
  }
  changes_.clear();
  std::fill(index_.begin(), index_.end(), 0U);
  promised_ = 0;
  key_delta_ = byte_delta_ = 0;
}

}  // namespace flashkv
