// The map without its readers: the two halves, and the writer's operations on them.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "storage/engine/flashmap/half.h"
#include "storage/engine/flashmap/reservations.h"
#include "storage/engine/flashmap/segment.h"
#include "storage/record/hash.h"
#include "storage/table/engine.h"

namespace flashkv::flashmap {

// Purpose: two indexes over the same records. One is staged: the writer changes it. The other is published
//          and constant. After swap_staged() and replay() the two are level again.
// Usage:   t.replay();  if (t.reserve(probes)) t.upsert(record, hash);  t.stage_revision(7); t.swap_staged();
// Threads: one writer. Readers use only half(), and never the staged one: Flashmap ensures both.
// Lifetime: co-owns every record it was given; replay() releases the replaced ones (I3).
// Cost:    find, upsert, erase: three cache misses. replay(): the buckets changed since the last one. A
//          split: the records of one segment. flashmap.md has the figures.
// Limits:  2^28 buckets in a segment, reached only by hostile keys: reserve() then returns false.
// Errors:  the constructor throws std::bad_alloc; reserve() returns false without memory; nothing else fails.
class TwinTable {
 public:
  explicit TwinTable(KeyHash hash);
  ~TwinTable();
  TwinTable(const TwinTable&) = delete;
  TwinTable& operator=(const TwinTable&) = delete;

  std::array<Half, 2>& halves() noexcept { return halves_; }
  const Half& half(unsigned i) const noexcept { return halves_[i]; }
  unsigned staged() const noexcept { return staged_; }

  // On the staged half, between replay() and swap_staged().
  Record* find(const Probe& probe) const noexcept { return halves_[staged_].find(probe); }
  void prefetch(std::span<const Probe> probes) const noexcept;
  bool reserve(std::span<const Probe> probes) noexcept;
  void upsert(Record* record, std::uint64_t hash) noexcept;
  void erase(const Probe& probe) noexcept;
  void stage_revision(std::uint64_t revision) noexcept { halves_[staged_].revision = revision; }

  // Called once the guards have swapped the halves: the published one is now the staged one.
  void swap_staged() noexcept;
  // Makes the staged half equal to the published one (I4) and releases what neither names any more. No reader
  // may be in the staged half (I1).
  void replay() noexcept;

  EngineStats stats() const noexcept;
  // Totals: buckets that replay() copied one by one, segments that it copied whole.
  std::uint64_t replayed_buckets() const noexcept { return replayed_buckets_; }
  std::uint64_t replayed_segments() const noexcept { return replayed_segments_; }
  std::uint64_t segment_count() const noexcept { return segment_count_; }
  // The writer's directory: segments in order of their prefixes, repeated where one spans several entries.
  std::span<Segment* const> directory() const noexcept { return {segments_.get(), directory_size()}; }

 private:
  struct Hashed {
    Record* record;
    std::uint64_t hash;
  };
  struct Sides {  // of a segment that would split: records and reservations whose next hash bit is 0 or 1
    std::array<std::uint32_t, 2> records{};
    std::array<std::uint32_t, 2> reserved{};
    std::uint32_t all(unsigned side) const noexcept { return records[side] + reserved[side]; }
  };
  struct Directories {  // of twice the size
    std::unique_ptr<Segment*[]> segments;
    std::unique_ptr<Entry[]> staged;
    std::unique_ptr<Entry[]> published;
  };
  struct Slot {
    Bucket* bucket = nullptr;  // null: no such key
    std::uint64_t index = 0;
    std::size_t slot = 0;
  };

  Segment& segment(std::uint64_t hash) const noexcept { return *segments_[hash >> shift_]; }
  unsigned global_depth() const noexcept { return 64 - shift_; }
  std::uint64_t directory_size() const noexcept { return std::uint64_t{1} << global_depth(); }

  // twin_table.cc
  Slot locate(Segment& s, const Probe& probe) noexcept;
  void insert(Segment& s, Record* record, std::uint64_t hash) noexcept;
  void mark(Segment& s, std::uint64_t bucket) noexcept;
  void list(Segment& s) noexcept;
  void retire(Record* record) noexcept;
  void use_reservation(Segment& s, std::uint64_t hash) noexcept;
  bool reserve_lists(std::size_t probes) noexcept;

  // growth.cc
  bool grow(Segment& s) noexcept;
  bool collect(const Segment& s) noexcept;
  Sides sides_of(const Segment& s) const noexcept;
  bool should_split(const Segment& s, const Sides& sides) const noexcept;
  bool enlarge(Segment& s) noexcept;
  bool split(Segment& s, const Sides& sides) noexcept;
  void take_over(Segment& s, std::array<Buckets, 2> buckets, unsigned log2) noexcept;
  void refill(Segment& s, std::uint64_t bit, bool side) noexcept;
  bool double_directories(Directories& grown) const noexcept;
  void install(Directories grown) noexcept;
  void point_directory(unsigned half, Segment& s) noexcept;

  // replay.cc
  void replay_directory() noexcept;
  void prefetch_dirty(const Segment& s) const noexcept;
  void replay_segment(Segment& s) noexcept;
  void release_retired() noexcept;

  KeyHash hash_;
  std::array<Half, 2> halves_;
  unsigned staged_ = 1;
  bool level_ = true;    // replayed since the last swap
  unsigned shift_ = 63;  // of segments_, hence of the newest directory
  std::unique_ptr<Segment*[]> segments_;
  std::array<std::unique_ptr<Entry[]>, 2> directories_;  // what the halves point at
  std::unique_ptr<Entry[]> grown_directory_;             // for the published half, filled by the replay
  std::vector<Segment*> dirty_;                          // room for every segment, always
  std::vector<Record*> retired_;
  std::vector<Hashed> scratch_;  // of the segment that grows
  Reservations reservations_;
  std::uint64_t segment_count_ = 1;
  std::uint64_t keys_ = 0;
  std::uint64_t record_bytes_ = 0;
  std::uint64_t retired_bytes_ = 0;
  std::uint64_t array_bytes_ = 0;  // bucket arrays and segments
  std::uint64_t replayed_buckets_ = 0;
  std::uint64_t replayed_segments_ = 0;
};

}  // namespace flashkv::flashmap
