// One of the two halves: the lookup from a key's hash to its record.
#pragma once

#include <cstdint>
#include <memory>
#include <new>
#include <span>

#include "storage/engine/flashmap/bucket.h"
#include "storage/record/same_key.h"
#include "storage/table/engine.h"

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

// Where the home bucket of a hash is in an array of `size` of them: by the bits next to those of the tag. The
// directory uses the upper ones.
inline constexpr unsigned kFirstHomeBit = 8;
inline std::uint64_t home_index(std::uint64_t hash, std::uint64_t size) noexcept {
  return (hash >> kFirstHomeBit) & (size - 1);
}

// Purpose: a directory entry: the address of a segment's buckets. Nearly all segments have the size stored in
//          their half, so a lookup can compute the bucket's index without waiting for the entry. The entry of
//          a segment of another size stores that size in the six bits that the array's alignment leaves free.
class Entry {
 public:
  Entry() = default;
  Entry(const Bucket* buckets, unsigned log2, bool regular) noexcept
      : word_(reinterpret_cast<std::uint64_t>(buckets) | (regular ? 0 : log2)) {}

  bool regular() const noexcept { return (word_ & 63) == 0; }
  const Bucket* first() const noexcept { return reinterpret_cast<const Bucket*>(word_ & ~std::uint64_t{63}); }
  std::uint64_t size_if_irregular() const noexcept { return std::uint64_t{1} << (word_ & 63); }
  const Bucket* at_if_regular(std::uint64_t byte_offset) const noexcept {
    return reinterpret_cast<const Bucket*>(word_ + byte_offset);
  }

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
  std::uint64_t regular_mask = 0;  // of the byte offsets of buckets, unless a segment's entry says otherwise
  unsigned shift = 63;             // 64 - log2 of the directory's size

  std::uintptr_t generation() const noexcept { return generation_; }
  void set_generation(std::uintptr_t generation) noexcept { generation_ = generation; }

  const Entry& entry(std::uint64_t hash) const noexcept { return directory[hash >> shift]; }
  std::uint64_t size(Entry segment) const noexcept {
    return segment.regular() ? regular_mask / sizeof(Bucket) + 1 : segment.size_if_irregular();
  }
  // The bucket for keys of this hash, unless it was full.
  const Bucket* home(std::uint64_t hash) const noexcept {
    const Entry segment = entry(hash);
    if (segment.regular()) [[likely]]
      return segment.at_if_regular((hash >> 2) & regular_mask);
    return irregular_home(segment, hash);
  }

  Record* find(const Probe& probe) const noexcept {
    const Bucket* bucket = home(probe.hash);
    for (unsigned m = bucket->match_hash(probe.hash); m != 0; m &= m - 1) {
      Record* record = bucket->record(first_slot(m));
      if (same_key(*record, probe.key)) [[likely]]
        return record;
    }
    if (bucket->overflow() == 0) [[likely]]
      return nullptr;
    return find_displaced(probe.hash, probe.key.data(), probe.key.size());
  }

  // found[i] answers probes[i]. All buckets of a group are prefetched before the first is used, then all
  // records, so that a group costs two cache misses instead of two per key.
  void find_batch(std::span<const Probe> probes, std::span<const Record*> found) const noexcept {
    for (std::size_t first = 0; first < probes.size(); first += kGroup) {
      const std::size_t size = probes.size() - first < kGroup ? probes.size() - first : kGroup;
      find_group(probes.data() + first, found.data() + first, size);
    }
  }

 private:
  static constexpr std::size_t kGroup = 32;

  std::uintptr_t generation_ = 1;  // the guards'

  // Out of line: its shift would cost the common path two instructions.
  [[gnu::noinline, gnu::cold]] static const Bucket* irregular_home(Entry segment,
                                                                   std::uint64_t hash) noexcept {
    return segment.first() + home_index(hash, segment.size_if_irregular());
  }

  void find_group(const Probe* probes, const Record** found, std::size_t size) const noexcept {
    const Bucket* homes[kGroup];
    for (std::size_t i = 0; i < size; ++i) {
      homes[i] = home(probes[i].hash);
      __builtin_prefetch(homes[i]);
    }
    for (std::size_t i = 0; i < size; ++i) {
      const unsigned m = homes[i]->match_hash(probes[i].hash);
      const Record* candidate = m != 0 ? homes[i]->record(first_slot(m)) : nullptr;
      found[i] = candidate;
      __builtin_prefetch(candidate);
      __builtin_prefetch(reinterpret_cast<const void*>(reinterpret_cast<std::uintptr_t>(candidate) + 64));
    }
    for (std::size_t i = 0; i < size; ++i) {
      const Record* candidate = found[i];
      if (candidate != nullptr && same_key(*candidate, probes[i].key)) [[likely]]
        continue;
      found[i] = candidate == nullptr && homes[i]->overflow() == 0 ? nullptr : find(probes[i]);
    }
  }

  // The buckets after a full home, until one that nobody was displaced from (I8). Takes its arguments one by
  // one so that find() keeps the probe in registers.
  [[gnu::noinline]] Record* find_displaced(std::uint64_t hash, const char* data,
                                           std::size_t length) const noexcept {
    const std::string_view key(data, length);
    const Bucket* first = entry(hash).first();
    const std::uint64_t mask = size(entry(hash)) - 1;
    auto at = home_index(hash, mask + 1);
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
