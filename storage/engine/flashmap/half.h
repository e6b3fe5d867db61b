// What a reader walks: one of the two halves, from a key's hash to its record.
#pragma once

#include <cstdint>
#include <memory>
#include <new>
#include <span>

#include "storage/engine/engine.h"
#include "storage/engine/flashmap/bucket.h"
#include "storage/engine/flashmap/same_key.h"

namespace flashkv::flashmap {

// Buckets of one segment in one half, a power of two of them; not initialised.
struct BucketsDeleter {
  void operator()(Bucket* buckets) const noexcept {
    ::operator delete (buckets, std::align_val_t{alignof(Bucket)});
  }
};
using Buckets = std::unique_ptr<Bucket[], BucketsDeleter>;
inline Buckets allocate_buckets(unsigned log2) noexcept {
  void* block = ::operator new (sizeof(Bucket) << log2, std::align_val_t{alignof(Bucket)}, std::nothrow);
  return Buckets(static_cast<Bucket*>(block));
}

// Purpose: a directory entry: where a segment's buckets are and how many, in one word, so that a lookup goes
//          from the directory straight to its bucket.
// Limits:  2^32 buckets a segment: their number is kept as 32 - log2 in the low six bits.
class Entry {
 public:
  Entry() = default;
  Entry(const Bucket* buckets, unsigned log2) noexcept
      : word_(reinterpret_cast<std::uint64_t>(buckets) | (32 - log2)) {}

  // The bucket where a key of this hash lives unless that was full. Uses bits 31 and down; the directory uses
  // bits 63 and down, the tag bits 7 to 0.
  const Bucket* home(std::uint64_t hash) const noexcept {
    const std::uint64_t index = std::uint64_t{static_cast<std::uint32_t>(hash)} >> (word_ & 63);
    return reinterpret_cast<const Bucket*>((word_ + index * sizeof(Bucket)) & ~std::uint64_t{63});
  }
  const Bucket* first() const noexcept { return reinterpret_cast<const Bucket*>(word_ & ~std::uint64_t{63}); }
  std::uint64_t size() const noexcept { return std::uint64_t{1} << (32 - (word_ & 63)); }

 private:
  std::uint64_t word_;
};

// Purpose: one half: a revision and the index of its records, read together from one line.
// Threads: constant while a reader may hold it (I1); the writer changes it in between.
// Lifetime: the arrays belong to TwinTable.
// Cost:    find(): directory word, bucket line, record line. A miss: the first two.
class alignas(128) Half {
 public:
  std::uint64_t revision = 0;
  const Entry* directory = nullptr;
  unsigned shift = 63;  // 64 - log2 of the directory's size

  const Entry& entry(std::uint64_t hash) const noexcept { return directory[hash >> shift]; }

  Record* find(const Probe& probe) const noexcept {
    const Entry segment = entry(probe.hash);
    const Bucket* home = segment.home(probe.hash);
    for (unsigned m = home->match_hash(probe.hash); m != 0; m &= m - 1) {
      Record* record = home->record(first_slot(m));
      if (same_key(*record, probe.key)) [[likely]]
        return record;
    }
    if (home->overflow() == 0) [[likely]]
      return nullptr;
    return find_displaced(segment, probe.hash, probe.key.data(), probe.key.size());
  }

  // found[i] answers probes[i]. All buckets of a group are asked for before the first is used, then all
  // records: a group pays for two cache misses instead of two for each key.
  void find_batch(std::span<const Probe> probes, std::span<const Record*> found) const noexcept {
    for (std::size_t first = 0; first < probes.size(); first += kGroup) {
      const std::size_t size = probes.size() - first < kGroup ? probes.size() - first : kGroup;
      find_group(probes.data() + first, found.data() + first, size);
    }
  }

 private:
  static constexpr std::size_t kGroup = 32;

  void find_group(const Probe* probes, const Record** found, std::size_t size) const noexcept {
    const Bucket* homes[kGroup];
    for (std::size_t i = 0; i < size; ++i) {
      homes[i] = entry(probes[i].hash).home(probes[i].hash);
      __builtin_prefetch(homes[i]);
    }
    for (std::size_t i = 0; i < size; ++i) {
      const unsigned m = homes[i]->match_hash(probes[i].hash);
      const Record* candidate = m != 0 ? homes[i]->record(first_slot(m)) : nullptr;
      found[i] = candidate;
      __builtin_prefetch(candidate);
      __builtin_prefetch(reinterpret_cast<const char*>(candidate) + 64);
    }
    for (std::size_t i = 0; i < size; ++i) {
      const Record* candidate = found[i];
      if (candidate != nullptr && same_key(*candidate, probes[i].key)) [[likely]]
        continue;
      found[i] = candidate == nullptr && homes[i]->overflow() == 0 ? nullptr : find(probes[i]);
    }
  }

  // The buckets after a full home, until one that nobody was displaced from. Takes its arguments one by one
  // so that find() keeps the probe in registers.
  [[gnu::noinline]] static Record* find_displaced(Entry segment, std::uint64_t hash, const char* data,
                                                  std::size_t size) noexcept {
    const std::string_view key(data, size);
    const Bucket* first = segment.first();
    const std::uint64_t mask = segment.size() - 1;
    auto at = static_cast<std::uint64_t>(segment.home(hash) - first);
    for (std::uint64_t walked = 0; walked < mask; ++walked) {
      at = (at + 1) & mask;
      const Bucket& bucket = first[at];
      for (unsigned m = bucket.match_hash(hash); m != 0; m &= m - 1) {
        Record* record = bucket.record(first_slot(m));
        if (same_key(*record, key)) return record;
      }
      if (bucket.overflow() == 0) return nullptr;
    }
    return nullptr;
  }
};

}  // namespace flashkv::flashmap
