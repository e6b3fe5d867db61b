// One cache line of the index: nine records, with a tag each to find the right one.
#pragma once

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "storage/record/record.h"

namespace flashkv::flashmap {

// The byte of a hash that a bucket keeps beside each record; 0 means an empty slot, so 1 stands for both.
inline std::uint8_t tag_of(std::uint64_t hash) noexcept {
  return std::max(static_cast<std::uint8_t>(hash), std::uint8_t{1});
}

// The lowest slot of a non-empty match() or free_slots().
inline std::size_t first_slot(unsigned slots) noexcept {
  return static_cast<std::size_t>(std::countr_zero(std::uint64_t{slots}));
}

// Purpose: up to nine records whose keys share a home bucket, or were displaced from a full one before it.
//          Bytes 0..8 hold tags, byte 9 the overflow count, then nine record addresses of 48 bits each.
// Usage:   for (unsigned m = bucket.match_hash(hash); m != 0; m &= m - 1)
//          compare(bucket.record(first_slot(m))); if (bucket.overflow() != 0) look into the next bucket too;
// Threads: none of its own: readers see it only inside a half that nobody changes (I1).
// Cost:    64 bytes; match() is four instructions with SSE2.
// Limits:  user-space addresses of 48 bits (x86-64 and AArch64 without opting into more).
class alignas(64) Bucket {
 public:
  static constexpr unsigned kSlots = 9;
  static constexpr unsigned kAllSlots = (1U << kSlots) - 1;
  static constexpr std::uint8_t kStickyOverflow = 255;

  // Slots with that tag, bit i for slot i.
  unsigned match(std::uint8_t tag) const noexcept {
#if defined(__SSE2__)
    const __m128i tags = _mm_load_si128(reinterpret_cast<const __m128i*>(bytes_));
    const __m128i wanted = _mm_set1_epi8(static_cast<char>(tag));
    return static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(tags, wanted))) & kAllSlots;
#else
    return match_portable(tag);
#endif
  }
  // match(tag_of(hash)), the maximum taken on the vector where that is an instruction less.
  unsigned match_hash(std::uint64_t hash) const noexcept {
#if defined(__SSE2__)
    const __m128i tags = _mm_load_si128(reinterpret_cast<const __m128i*>(bytes_));
    const __m128i wanted = _mm_max_epu8(_mm_set1_epi8(static_cast<char>(hash)), _mm_set1_epi8(1));
    return static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(tags, wanted))) & kAllSlots;
#else
    return match_portable(tag_of(hash));
#endif
  }
  unsigned free_slots() const noexcept { return match(0); }

  // match() for machines without SSE2: eight tags in a word, the ninth alone.
  unsigned match_portable(std::uint8_t tag) const noexcept {
    constexpr std::uint64_t kOnes = 0x0101'0101'0101'0101;
    constexpr std::uint64_t kLow7 = 0x7f7f'7f7f'7f7f'7f7f;
    std::uint64_t tags;
    std::memcpy(&tags, bytes_, sizeof tags);
    const std::uint64_t differ = tags ^ (kOnes * tag);
    const std::uint64_t equal = ~(((differ & kLow7) + kLow7) | differ | kLow7);  // 0x80 in each equal byte
    const auto first_eight = static_cast<unsigned>(((equal >> 7) * 0x0102'0408'1020'4080) >> 56);
    return first_eight | (bytes_[8] == tag ? 1U << 8 : 0U);
  }

  // The address is the upper 48 bits of the eight bytes that end with it; the first such word starts inside
  // the tags, so that no read leaves the line.
  Record* record(std::size_t slot) const noexcept {
    std::uint64_t word;
    std::memcpy(&word, bytes_ + kFirstWord + slot * kAddressBytes, sizeof word);
    return reinterpret_cast<Record*>(word >> 16);
  }
  void fill(std::size_t slot, std::uint8_t tag, Record* record) noexcept {
    bytes_[slot] = tag;
    replace(slot, record);
  }
  void replace(std::size_t slot, Record* record) noexcept {
    const auto address = reinterpret_cast<std::uint64_t>(record);
    assert(address >> 48 == 0);
    std::memcpy(bytes_ + kFirstAddress + slot * kAddressBytes, &address, kAddressBytes);
  }
  void clear(std::size_t slot) noexcept { fill(slot, 0, nullptr); }

  // The number of records that found this bucket full and were placed further on. Once at its maximum it
  // stays there, because the true count is lost; rebuilding the segment counts again.
  std::uint8_t overflow() const noexcept { return bytes_[kOverflowByte]; }
  void add_overflow() noexcept {
    if (bytes_[kOverflowByte] != kStickyOverflow) ++bytes_[kOverflowByte];
  }
  void drop_overflow() noexcept {
    assert(bytes_[kOverflowByte] != 0);
    if (bytes_[kOverflowByte] != kStickyOverflow) --bytes_[kOverflowByte];
  }

 private:
  static constexpr unsigned kAddressBytes = 6;
  static constexpr unsigned kOverflowByte = kSlots;
  static constexpr unsigned kFirstAddress = kSlots + 1;
  static constexpr unsigned kFirstWord = kFirstAddress - 2;
  static_assert(std::endian::native == std::endian::little, "record() takes the upper bytes of a word");
  static_assert(kFirstAddress + kSlots * kAddressBytes == 64);

  std::uint8_t bytes_[64];
};
static_assert(sizeof(Bucket) == 64);

}  // namespace flashkv::flashmap
