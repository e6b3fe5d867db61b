// Replay: brings the stale half level by copying what differs, without hashing or probing again.
#include <algorithm>
#include <cstring>

#include "storage/engine/flashmap/twin_table.h"

namespace flashkv::flashmap {
namespace {
constexpr std::size_t kSegmentsAhead = 16;  // their descriptors
constexpr std::size_t kBucketsAhead = 8;    // segments whose dirty buckets are asked for
constexpr std::size_t kRecordsAhead = 8;
}  // namespace

// The published half is copied from while readers walk it; the staged one has no readers (I1). Afterwards the
// two hold the same bytes, bucket for bucket (I4).
void TwinTable::replay() noexcept {
  if (level_) return;
  replay_directory();
  for (std::size_t i = 0; i < dirty_.size(); ++i) {
    if (i + kSegmentsAhead < dirty_.size()) __builtin_prefetch(dirty_[i + kSegmentsAhead], 1);
    if (i + kBucketsAhead < dirty_.size()) prefetch_dirty(*dirty_[i + kBucketsAhead]);
    replay_segment(*dirty_[i]);
  }
  dirty_.clear();
  halves_[staged_].regular_mask = halves_[1 - staged_].regular_mask;
  halves_[staged_].revision = halves_[1 - staged_].revision;
  level_ = true;
  release_retired();
}

// A directory that grew is the old one with every entry repeated; split segments then overwrite theirs.
void TwinTable::replay_directory() noexcept {
  if (!grown_directory_) return;
  Half& stale = halves_[staged_];
  const unsigned doublings = stale.shift - shift_;
  for (std::uint64_t i = 0; i < directory_size(); ++i) grown_directory_[i] = stale.directory[i >> doublings];
  directories_[staged_] = std::move(grown_directory_);
  stale.directory = directories_[staged_].get();
  stale.shift = shift_;
}

void TwinTable::prefetch_dirty(const Segment& s) const noexcept {
  if (s.rebuilt) return;
  s.dirty.for_each(s.log2, [&](std::uint64_t bucket, std::uint64_t) {
    __builtin_prefetch(&s.buckets[1 - staged_][bucket]);
    __builtin_prefetch(&s.buckets[staged_][bucket], 1);
  });
}

void TwinTable::replay_segment(Segment& s) noexcept {
  Bucket* to = s.buckets[staged_].get();
  const Bucket* from = s.buckets[1 - staged_].get();
  if (s.rebuilt) {
    std::copy_n(from, s.size(), to);
    point_directory(staged_, s);
    if (s.outgrown) array_bytes_ -= sizeof(Bucket) << s.outgrown_log2;
    s.outgrown.reset();
    ++replayed_segments_;
  } else {
    s.dirty.for_each(s.log2, [&](std::uint64_t bucket, std::uint64_t size) {
      std::copy_n(from + bucket, size, to + bucket);
      replayed_buckets_ += size;
    });
  }
  s.dirty.clear();
  s.rebuilt = false;
  s.listed = false;
}

// Neither half names them: the published one since the swap, the other since the copying above; and no
// reader is left that entered before the swap (I3).
void TwinTable::release_retired() noexcept {
  for (std::size_t i = 0; i < retired_.size(); ++i) {
    if (i + kRecordsAhead < retired_.size()) __builtin_prefetch(retired_[i + kRecordsAhead], 1);
    retired_[i]->release();
  }
  retired_.clear();
  retired_bytes_ = 0;
}

}  // namespace flashkv::flashmap
