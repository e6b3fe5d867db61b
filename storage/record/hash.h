// The one hash of keys. Seeded at start, so that nobody outside can choose keys that collide.
#pragma once

#include <xxhash.h>

#include <cstdint>
#include <string_view>

namespace flashkv {

// Purpose: 64-bit hash of a key: XXH3 with a seed; every bit of it is usable.
// Usage:   KeyHash hash{seed}; std::uint64_t h = hash(key);
//          KeyHash forced{seed, 0x3};   // tests: only two bits survive, nearly all keys collide
// Threads: immutable, free to copy and share.
// Cost:    2-3 ns for 16 bytes.
// Source:  https://github.com/Cyan4973/xxHash
class KeyHash {
 public:
  explicit KeyHash(std::uint64_t seed = 0, std::uint64_t mask = ~std::uint64_t{0}) noexcept
      : seed_(seed), mask_(mask) {}
  std::uint64_t operator()(std::string_view key) const noexcept {
    return XXH3_64bits_withSeed(key.data(), key.size(), seed_) & mask_;
  }

 private:
  std::uint64_t seed_;
  std::uint64_t mask_;
};

}  // namespace flashkv
