// The writer's data about one segment: its buckets in both halves, its fill, what changed.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <memory>
#include <new>

#include "storage/engine/flashmap/half.h"

namespace flashkv::flashmap {

inline constexpr unsigned kSegmentLog2 = 8;       // buckets of a segment that splits: 16 KiB
inline constexpr unsigned kFirstSegmentLog2 = 2;  // buckets of an empty table
inline constexpr unsigned kMaxSegmentLog2 = 28;   // of a segment that cannot split because of hostile keys

// The number of records at which a segment of this size grows: 60 % of its slots at the low end of the hash
// space, rising to 85 % at the high end. With evenly spread keys, segments therefore split one after another
// in the order of their prefixes, and not all at once.
inline std::uint32_t segment_limit(unsigned log2, std::uint64_t prefix) noexcept {
  constexpr std::uint64_t kLow = 60, kSpread = 25, kOf = 100;
  const std::uint64_t slots = std::uint64_t{Bucket::kSlots} << log2;
  const std::uint64_t percent_of_256 = kLow * 256 + ((kSpread * (prefix >> 32)) >> 24);
  return static_cast<std::uint32_t>(slots * percent_of_256 / (kOf * 256));
}

// Purpose: the set of a segment's buckets that differ between the halves: one bit per bucket, or per run of
//          buckets if there are more than 256.
class DirtyBuckets {
 public:
  static constexpr unsigned kLog2 = kSegmentLog2;

  void add(std::uint64_t bucket, unsigned segment_log2) noexcept {
    const std::uint64_t bit = bucket >> run_log2(segment_log2);
    words_[bit >> 6] |= std::uint64_t{1} << (bit & 63);
  }
  void clear() noexcept { words_ = {}; }
  // Calls visit(first bucket, number of buckets) for each dirty run.
  template <typename Visit>
  void for_each(unsigned segment_log2, Visit visit) const noexcept {
    const unsigned run = run_log2(segment_log2);
    for (std::uint64_t w = 0; w < words_.size(); ++w) {
      for (std::uint64_t bits = words_[w]; bits != 0; bits &= bits - 1) {
        const std::uint64_t bit = w * 64 + static_cast<std::uint64_t>(std::countr_zero(bits));
        visit(bit << run, std::uint64_t{1} << run);
      }
    }
  }

 private:
  static unsigned run_log2(unsigned segment_log2) noexcept {
    return segment_log2 > kLog2 ? segment_log2 - kLog2 : 0;
  }
  std::array<std::uint64_t, (std::size_t{1} << kLog2) / 64> words_{};
};

// Purpose: a segment: all records whose hashes begin with the same `depth` bits.
// Threads: the writer's alone; readers see only the bucket arrays.
// Lifetime: owned by TwinTable. `outgrown` outlives its successor because the published half still names it.
struct alignas(64) Segment {
  std::array<Buckets, 2> buckets;  // by half
  DirtyBuckets dirty;
  std::uint32_t count = 0;     // records
  std::uint32_t reserved = 0;  // slots promised by reserve() and not used yet
  std::uint32_t limit = 0;     // count + reserved never exceeds it (I7)
  std::uint8_t log2 = 0;       // buckets
  std::uint8_t depth = 0;
  std::uint8_t outgrown_log2 = 0;
  bool listed = false;       // in the list of segments to replay
  bool rebuilt = false;      // every bucket differs, and perhaps the directory entries too
  std::uint64_t prefix = 0;  // the first `depth` bits of the hashes, zeros below
  Buckets outgrown;          // used by the published half until the replay

  std::uint64_t size() const noexcept { return std::uint64_t{1} << log2; }
  std::uint64_t bytes() const noexcept { return sizeof(Bucket) << log2; }
  void set_limit() noexcept { limit = segment_limit(log2, prefix); }
  Entry entry(unsigned half) const noexcept { return {buckets[half].get(), log2, log2 <= kSegmentLog2}; }
  std::uint64_t home(std::uint64_t hash) const noexcept { return home_index(hash, size()); }
};

// A segment with both arrays, uninitialised; null if there is no memory.
inline std::unique_ptr<Segment> allocate_segment(unsigned log2) noexcept {
  std::unique_ptr<Segment> segment(new (std::nothrow) Segment);
  if (!segment) return nullptr;
  segment->log2 = static_cast<std::uint8_t>(log2);
  for (Buckets& buckets : segment->buckets) {
    buckets = allocate_buckets(log2);
    if (!buckets) return nullptr;
  }
  return segment;
}

}  // namespace flashkv::flashmap
