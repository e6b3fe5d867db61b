// Growth: inside reserve(), one segment at a time, on the staged half. The contents do not change, and
// everything the replay will need for the other half is allocated here.
#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "storage/engine/flashmap/twin_table.h"

namespace flashkv::flashmap {
namespace {

// How many doublings the directory may be larger than one entry per segment. Evenly spread keys need one or
// two; needing more means that keys were chosen to share prefixes, and then their segment is enlarged
// instead.
constexpr unsigned kDepthSlack = 3;
constexpr std::size_t kRecordsAhead = 16;

template <typename T>
std::unique_ptr<T[]> allocate_array(std::uint64_t size) noexcept {
  return std::unique_ptr<T[]>(new (std::nothrow) T[size]);
}

std::uint64_t next_bit(const Segment& s) noexcept { return std::uint64_t{1} << (63 - s.depth); }

// The smallest size with room below the limit.
unsigned fitting_log2(std::uint32_t records, std::uint64_t prefix, unsigned most) noexcept {
  unsigned log2 = kSegmentLog2;
  while (log2 < most && segment_limit(log2, prefix) <= records) ++log2;
  return log2;
}

}  // namespace

// One step towards room for one more record. Returns false, with nothing changed, if there is no memory.
bool TwinTable::grow(Segment& s) noexcept {
  if (!collect(s)) return false;
  const Sides sides = sides_of(s);
  return should_split(s, sides) ? split(s, sides) : enlarge(s);
}

// All records of a segment with their hashes, into scratch_.
bool TwinTable::collect(const Segment& s) noexcept try {
  scratch_.clear();
  scratch_.reserve(s.count);
  const Bucket* buckets = s.buckets[staged_].get();
  for (std::uint64_t b = 0; b < s.size(); ++b) {
    for (unsigned m = ~buckets[b].free_slots() & Bucket::kAllSlots; m != 0; m &= m - 1) {
      scratch_.push_back({buckets[b].record(first_slot(m)), 0});
    }
  }
  for (std::size_t i = 0; i < scratch_.size(); ++i) {
    if (i + kRecordsAhead < scratch_.size()) __builtin_prefetch(scratch_[i + kRecordsAhead].record);
    scratch_[i].hash = hash_(scratch_[i].record->key());
  }
  return true;
} catch (const std::bad_alloc&) {
  return false;
}

TwinTable::Sides TwinTable::sides_of(const Segment& s) const noexcept {
  Sides sides;
  const std::uint64_t bit = next_bit(s);
  for (const Hashed& h : scratch_) ++sides.records[(h.hash & bit) != 0 ? 1 : 0];
  const std::uint64_t same = ~(bit | (bit - 1));  // the bits that make the prefix
  for (const std::uint64_t hash : reservations_.outstanding()) {
    if ((hash & same) == s.prefix) ++sides.reserved[(hash & bit) != 0 ? 1 : 0];
  }
  return sides;
}

bool TwinTable::should_split(const Segment& s, const Sides& sides) const noexcept {
  const auto deepest = static_cast<unsigned>(std::bit_width(segment_count_) - 1) + kDepthSlack;
  return s.log2 >= kSegmentLog2 && s.depth < deepest && sides.all(0) != 0 && sides.all(1) != 0;
}

bool TwinTable::enlarge(Segment& s) noexcept {
  const unsigned log2 = s.log2 + 1U;
  if (log2 > kMaxSegmentLog2) return false;
  std::array<Buckets, 2> larger{allocate_buckets(log2), allocate_buckets(log2)};
  if (!larger[0] || !larger[1]) return false;
  take_over(s, std::move(larger), log2);
  refill(s, 0, false);
  if (log2 <= kSegmentLog2) halves_[staged_].regular_mask = s.bytes() - sizeof(Bucket);  // it is the only one
  point_directory(staged_, s);
  return true;
}

// `s` keeps the side whose next bit is 0, and its arrays unless hostile keys had enlarged them.
bool TwinTable::split(Segment& s, const Sides& sides) noexcept {
  const std::uint64_t bit = next_bit(s);
  const unsigned low_log2 = fitting_log2(sides.all(0), s.prefix, s.log2);
  std::array<Buckets, 2> smaller;
  if (low_log2 != s.log2) {
    smaller = {allocate_buckets(low_log2), allocate_buckets(low_log2)};
    if (!smaller[0] || !smaller[1]) return false;
  }
  std::unique_ptr<Segment> high = allocate_segment(fitting_log2(sides.all(1), s.prefix | bit, s.log2));
  if (!high) return false;
  Directories grown;
  if (s.depth == global_depth() && !double_directories(grown)) return false;
  try {
    if (dirty_.capacity() <= segment_count_) dirty_.reserve(2 * (segment_count_ + 1));
  } catch (const std::bad_alloc&) {
    return false;
  }

  if (grown.segments) install(std::move(grown));
  if (smaller[0]) take_over(s, std::move(smaller), low_log2);
  high->prefix = s.prefix | bit;
  high->depth = s.depth = static_cast<std::uint8_t>(s.depth + 1);
  for (unsigned side = 0; side < 2; ++side) {
    Segment& half = side == 0 ? s : *high;
    half.count = sides.records[side];
    half.reserved = sides.reserved[side];
    refill(half, bit, side == 1);
    point_directory(staged_, half);
  }
  array_bytes_ += sizeof(Segment) + 2 * high->bytes();
  ++segment_count_;
  static_cast<void>(high.release());  // the directory has it
  return true;
}

// Installs new arrays for both halves. The staged half's old array is freed at once; the published half's is
// kept until the replay, unless it was made since the last replay (I1).
void TwinTable::take_over(Segment& s, std::array<Buckets, 2> buckets, unsigned log2) noexcept {
  const std::uint64_t old_bytes = s.bytes();
  array_bytes_ += 2 * (sizeof(Bucket) << log2);
  array_bytes_ -= s.outgrown ? 2 * old_bytes : old_bytes;
  if (!s.outgrown) {
    s.outgrown = std::move(s.buckets[1 - staged_]);
    s.outgrown_log2 = s.log2;
  }
  s.buckets = std::move(buckets);
  s.log2 = static_cast<std::uint8_t>(log2);
}

// Fills the staged buckets with the records of scratch_ whose `bit` equals `side` (bit 0: all of them).
void TwinTable::refill(Segment& s, std::uint64_t bit, bool side) noexcept {
  std::memset(static_cast<void*>(s.buckets[staged_].get()), 0, s.bytes());
  s.set_limit();
  s.rebuilt = true;
  list(s);
  for (const Hashed& h : scratch_) {
    if (((h.hash & bit) != 0) == side) insert(s, h.record, h.hash);
  }
}

bool TwinTable::double_directories(Directories& grown) const noexcept {
  const std::uint64_t size = 2 * directory_size();
  grown.segments = allocate_array<Segment*>(size);
  grown.staged = allocate_array<Entry>(size);
  grown.published = allocate_array<Entry>(size);
  return grown.segments && grown.staged && grown.published;
}

// The staged half and the writer switch to the new directories now, the published half at the replay.
void TwinTable::install(Directories grown) noexcept {
  for (std::uint64_t i = 0; i < 2 * directory_size(); ++i) {
    grown.segments[i] = segments_[i / 2];
    grown.staged[i] = directories_[staged_][i / 2];
  }
  segments_ = std::move(grown.segments);
  directories_[staged_] = std::move(grown.staged);
  grown_directory_ = std::move(grown.published);
  --shift_;
  halves_[staged_].directory = directories_[staged_].get();
  halves_[staged_].shift = shift_;
}

// Writes the segment's entries into one half's directory, and into the writer's own (I6).
void TwinTable::point_directory(unsigned half, Segment& s) noexcept {
  const std::uint64_t first = s.prefix >> shift_;
  const std::uint64_t size = std::uint64_t{1} << (global_depth() - s.depth);
  std::fill_n(directories_[half].get() + first, size, s.entry(half));
  std::fill_n(segments_.get() + first, size, &s);
}

}  // namespace flashkv::flashmap
