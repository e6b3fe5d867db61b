#include "storage/engine/flashmap/twin_table.h"

#include <algorithm>
#include <cassert>
#include <cstring>

namespace flashkv::flashmap {
TwinTable::TwinTable(KeyHash hash) : hash_(hash) {
  std::unique_ptr<Segment> first = allocate_segment(kFirstSegmentLog2);
  if (!first) throw std::bad_alloc();
  first->set_limit();
  segments_ = std::make_unique<Segment*[]>(directory_size());
  dirty_.reserve(1);
  for (unsigned h = 0; h < 2; ++h) {
    directories_[h] = std::make_unique<Entry[]>(directory_size());
    std::memset(static_cast<void*>(first->buckets[h].get()), 0, first->bytes());
    halves_[h].directory = directories_[h].get();
    halves_[h].shift = shift_;
    halves_[h].regular_mask = first->bytes() - sizeof(Bucket);
  }
  array_bytes_ = sizeof(Segment) + 2 * first->bytes();
  Segment* s = first.release();
  std::fill_n(segments_.get(), directory_size(), s);
  point_directory(0, *s);
  point_directory(1, *s);
}

// No reader is left. The records owned are exactly those the newest half names and those retired since the
// last replay (I3): the older half names no others.
TwinTable::~TwinTable() {
  const unsigned newest = level_ ? staged_ : 1 - staged_;
  release_retired();
  for (std::uint64_t i = 0; i < directory_size();) {
    std::unique_ptr<Segment> s(segments_[i]);
    i += std::uint64_t{1} << (global_depth() - s->depth);
    for (std::uint64_t b = 0; b < s->size(); ++b) {
      const Bucket& bucket = s->buckets[newest][b];
      for (unsigned m = ~bucket.free_slots() & Bucket::kAllSlots; m != 0; m &= m - 1) {
        bucket.record(first_slot(m))->release();
      }
    }
  }
}

void TwinTable::prefetch(std::span<const Probe> probes) const noexcept {
  const Half& half = halves_[staged_];
  constexpr std::size_t kGroup = 32;
  for (std::size_t first = 0; first < probes.size(); first += kGroup) {
    const std::span<const Probe> group = probes.subspan(first, std::min(kGroup, probes.size() - first));
    for (const Probe& probe : group) {
      __builtin_prefetch(half.home(probe.hash), 1);
      __builtin_prefetch(&segment(probe.hash), 1);
    }
    for (const Probe& probe : group) {
      const Bucket* home = half.home(probe.hash);
      const unsigned m = home->match_hash(probe.hash);
      if (m != 0) __builtin_prefetch(home->record(first_slot(m)));
    }
  }
}

// All or nothing: a failed call leaves no reservation behind. A segment that grew on the way stays grown,
// which does not change the contents.
bool TwinTable::reserve(std::span<const Probe> probes) noexcept {
  if (!reserve_lists(probes.size())) return false;
  for (std::size_t i = 0; i < probes.size(); ++i) {
    const std::uint64_t hash = probes[i].hash;
    while (segment(hash).count + segment(hash).reserved >= segment(hash).limit) {
      if (grow(segment(hash))) continue;
      for (std::size_t undo = 0; undo < i; ++undo) --segment(probes[undo].hash).reserved;
      reservations_.drop_newest(i);
      return false;
    }
    ++segment(hash).reserved;
    reservations_.add(hash);
  }
  return true;
}

// At most one retired record per key: room for the retired ones, and for one per outstanding reservation.
bool TwinTable::reserve_lists(std::size_t probes) noexcept try {
  const std::size_t need = retired_.size() + reservations_.outstanding().size() + probes;
  if (retired_.capacity() < need) retired_.reserve(std::max(need, 2 * retired_.capacity()));
  return reservations_.reserve(probes);
} catch (const std::bad_alloc&) {
  return false;
}

void TwinTable::upsert(Record* record, std::uint64_t hash) noexcept {
  record->retain();
  record_bytes_ += record->bytes();
  Segment& s = segment(hash);
  use_reservation(s, hash);
  const Slot at = locate(s, {record->key(), hash});
  if (at.bucket == nullptr) {
    insert(s, record, hash);
    ++s.count;
    ++keys_;
    return;
  }
  retire(at.bucket->record(at.slot));
  at.bucket->replace(at.slot, record);
  mark(s, at.index);
}

void TwinTable::erase(const Probe& probe) noexcept {
  Segment& s = segment(probe.hash);
  use_reservation(s, probe.hash);
  const Slot at = locate(s, probe);
  if (at.bucket == nullptr) return;
  retire(at.bucket->record(at.slot));
  at.bucket->clear(at.slot);
  mark(s, at.index);
  Bucket* buckets = s.buckets[staged_].get();
  for (std::uint64_t i = s.home(probe.hash); i != at.index; i = (i + 1) & (s.size() - 1)) {
    buckets[i].drop_overflow();
    mark(s, i);
  }
  --s.count;
  --keys_;
}

TwinTable::Slot TwinTable::locate(Segment& s, const Probe& probe) noexcept {
  Bucket* buckets = s.buckets[staged_].get();
  std::uint64_t at = s.home(probe.hash);
  for (std::uint64_t walked = 0; walked < s.size(); ++walked) {
    Bucket& bucket = buckets[at];
    for (unsigned m = bucket.match_hash(probe.hash); m != 0; m &= m - 1) {
      if (same_key(*bucket.record(first_slot(m)), probe.key)) return {&bucket, at, first_slot(m)};
    }
    if (bucket.overflow() == 0) break;
    at = (at + 1) & (s.size() - 1);
  }
  return {};
}

// A free slot exists: the limit is below the number of slots.
void TwinTable::insert(Segment& s, Record* record, std::uint64_t hash) noexcept {
  Bucket* buckets = s.buckets[staged_].get();
  std::uint64_t at = s.home(hash);
  for (; buckets[at].free_slots() == 0; at = (at + 1) & (s.size() - 1)) {
    buckets[at].add_overflow();
    mark(s, at);
  }
  buckets[at].fill(first_slot(buckets[at].free_slots()), tag_of(hash), record);
  mark(s, at);
}

void TwinTable::mark(Segment& s, std::uint64_t bucket) noexcept {
  s.dirty.add(bucket, s.log2);
  list(s);
}

void TwinTable::list(Segment& s) noexcept {
  if (s.listed) return;
  s.listed = true;
  dirty_.push_back(&s);
}

// The published half, or the stale one before its replay, may still name the record (I3), unless it was made
// in this batch and never seen. So a batch retires at most one record per key, however often it writes the
// key.
void TwinTable::retire(Record* record) noexcept {
  const std::uint64_t bytes = record->bytes();
  record_bytes_ -= bytes;
  if (record->mod_revision() > halves_[1 - staged_].revision) return record->release();
  retired_bytes_ += bytes;
  retired_.push_back(record);
}

void TwinTable::use_reservation(Segment& s, std::uint64_t hash) noexcept {
  if (reservations_.take(hash)) --s.reserved;
}

void TwinTable::swap_staged() noexcept {
  for (const std::uint64_t hash : reservations_.outstanding()) --segment(hash).reserved;
  reservations_.clear();
  staged_ = 1 - staged_;
  level_ = false;
}

EngineStats TwinTable::stats() const noexcept {
  const std::uint64_t lists = dirty_.capacity() * sizeof(Segment*) + retired_.capacity() * sizeof(Record*) +
                              scratch_.capacity() * sizeof(Hashed) + reservations_.bytes();
  const std::uint64_t directories = directory_size() * (sizeof(Segment*) + 2 * sizeof(Entry));
  return {.keys = keys_,
          .record_bytes = record_bytes_,
          .index_bytes = sizeof *this + array_bytes_ + directories + lists,
          .retired_bytes = retired_bytes_};
}

}  // namespace flashkv::flashmap
