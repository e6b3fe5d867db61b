// The two buckets of a hash.
#pragma once

#include <cstdint>

namespace flashkv::cuckoo {

struct Places {
  std::uint64_t first;
  std::uint64_t second;  // never the first

  std::uint64_t other(std::uint64_t bucket) const noexcept { return bucket == first ? second : first; }
};

// Another seed gives the same hashes other buckets: a cycle under one seed is none under the next. The mixing
// is a bijection, so distinct hashes stay distinct. At least two and at most 2^32 buckets.
inline Places places_of(std::uint64_t hash, std::uint64_t seed, std::uint64_t mask) noexcept {
  std::uint64_t x = hash ^ seed;
  x ^= x >> 32;
  x *= 0x9E3779B97F4A7C15;
  x ^= x >> 29;
  x *= 0xD6E8FEB86659FD93;
  x ^= x >> 32;
  const std::uint64_t first = x & mask;
  const std::uint64_t second = x >> 32 & mask;
  return {first, second != first ? second : first ^ 1};
}

// The sequence of seeds that a table is tried with.
inline constexpr std::uint64_t kFirstSeed = 0x2545F4914F6CDD1D;
inline std::uint64_t next_seed(std::uint64_t seed) noexcept {
  return seed * 6364136223846793005 + 1442695040888963407;
}

}  // namespace flashkv::cuckoo
