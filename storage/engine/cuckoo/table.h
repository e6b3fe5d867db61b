// One cuckoo table: header, buckets and lookup.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "storage/engine/cuckoo/places.h"
#include "storage/engine/parts/collision_chain.h"
#include "storage/record/same_key.h"
#include "storage/sync/sync.h"
#include "storage/table/engine.h"

namespace flashkv::cuckoo {

// A hash and the word of its leaf. A slot is free when its word is 0, whatever the hash: 0 is a valid hash.
struct Slot {
  std::uint64_t hash = 0;
  std::uintptr_t word = 0;  // of a Leaf; in a draft also kPromised and tagged chains (draft.h)
};

inline constexpr std::size_t kBucketSlots = 4;
struct alignas(64) Bucket {
  Slot slots[kBucketSlots];
};

// Purpose: a header and its buckets in one block. Every hash is in one slot, in one of its two buckets; keys
//          with the same hash share the slot (Leaf).
// Threads: written by one writer until readers can find it, then read by all (I1); only the revision of a
//          published table may still rise.
// Lifetime: owns nothing: records and chains belong to the newest state, or wait to be freed.
// Cost:    a lookup reads one or two lines, fetched in parallel, and the record's. 16 bytes per slot.
class alignas(64) Table {
 public:
  static constexpr unsigned kLeastLog2 = 1;

  // Empty, with 2^log2 buckets. Null when memory is short.
  static Table* make(unsigned log2, std::uint64_t seed) noexcept;
  // An engine's first table. Throws std::bad_alloc.
  static Table* make_first();
  // The same slots, revision included. Null when memory is short.
  Table* copy() const noexcept;
  static void destroy(Table* table) noexcept;
  Table(const Table&) = delete;
  Table& operator=(const Table&) = delete;

  // Copies the slots of a table of the same size.
  void assign(const Table& other) noexcept;
  void assign(const Table& other, std::uint64_t bucket) noexcept {
    buckets()[bucket] = other.buckets()[bucket];
  }
  void clear(std::uint64_t seed) noexcept;

  unsigned log2() const noexcept { return log2_; }
  std::uint64_t seed() const noexcept { return seed_; }
  std::uint64_t bucket_count() const noexcept { return mask_ + 1; }
  std::uint64_t slot_count() const noexcept { return bucket_count() * kBucketSlots; }
  static constexpr std::uint64_t bytes_for(unsigned log2) noexcept {
    return sizeof(Table) + (sizeof(Bucket) << log2);
  }
  std::uint64_t bytes() const noexcept { return bytes_for(log2_); }
  std::uint64_t revision() const noexcept { return revision_.load(sync::kAcquire); }
  void set_revision(std::uint64_t revision) noexcept { revision_.store(revision, sync::kRelease); }

  Places places(std::uint64_t hash) const noexcept { return places_of(hash, seed_, mask_); }
  Bucket* buckets() noexcept { return reinterpret_cast<Bucket*>(this + 1); }
  const Bucket* buckets() const noexcept { return reinterpret_cast<const Bucket*>(this + 1); }

  // The slot of a hash, or null. A free slot in the first bucket says nothing about the second (I3).
  const Slot* slot(std::uint64_t hash) const noexcept {
    const Places at = places(hash);
    const Bucket& second = buckets()[at.second];
    __builtin_prefetch(&second);
    const Slot* found = slot_in(buckets()[at.first], hash);
    return found != nullptr ? found : slot_in(second, hash);
  }
  Slot* slot(std::uint64_t hash) noexcept { return const_cast<Slot*>(std::as_const(*this).slot(hash)); }

  const Record* find(const Probe& probe) const noexcept { return match(slot(probe.hash), probe); }
  // found[i] answers probes[i]; the misses of a group overlap.
  void find_batch(std::span<const Probe> probes, std::span<const Record*> found) const noexcept;
  // A hint for find(): the buckets, then the records.
  void prefetch(std::span<const Probe> probes) const noexcept;

  template <typename F>
  void for_each_used(F&& f) const {
    for (std::uint64_t b = 0; b < bucket_count(); ++b) {
      for (const Slot& s : buckets()[b].slots) {
        if (s.word != 0) f(s);
      }
    }
  }

 private:
  Table(unsigned log2, std::uint64_t seed) noexcept
      : seed_(seed), mask_((std::uint64_t{1} << log2) - 1), log2_(log2) {}

  static const Slot* slot_in(const Bucket& bucket, std::uint64_t hash) noexcept {
    for (const Slot& s : bucket.slots) {
      if (s.hash == hash && s.word != 0) return &s;
    }
    return nullptr;
  }
  static const Record* match(const Slot* slot, const Probe& probe) noexcept {
    if (slot == nullptr) return nullptr;
    const Leaf leaf(slot->word);
    if (leaf.is_chain()) [[unlikely]]
      return leaf.find(probe.key);
    const Record* record = leaf.single();
    return same_key(*record, probe.key) ? record : nullptr;
  }

  std::uint64_t seed_;
  std::uint64_t mask_;
  sync::Atomic<std::uint64_t> revision_{0};
  unsigned log2_;

 public:
  Table* next_kept = nullptr;  // LeakAccess links what it keeps
};
static_assert(sizeof(Table) == alignof(Bucket), "the buckets follow the header at once");

}  // namespace flashkv::cuckoo
