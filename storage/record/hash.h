// The one hash of keys. Seeded at start, so that nobody outside can choose keys that collide.
#pragma once

#define XXH_INLINE_ALL  // the library's own is a call through the PLT
#include <xxhash.h>

#include <cstdint>
#include <string_view>

namespace flashkv {

// Purpose: 64-bit hash of a key: XXH3 with a seed; every bit of it is usable.
// Usage:   KeyHash hash{seed}; std::uint64_t h = hash(key);
//          KeyHash forced{seed, 0x3};   // tests: only two bits survive, nearly all keys collide
// Threads: immutable, free to copy and share.
// Cost:    2 ns for 16 bytes, inlined; keys of more than 16 are a call.
// Source:  https://github.com/Cyan4973/xxHash
class KeyHash {
 public:
  explicit KeyHash(std::uint64_t seed = 0, std::uint64_t mask = ~std::uint64_t{0}) noexcept
      : seed_(seed), mask_(mask) {}
  std::uint64_t operator()(std::string_view key) const noexcept {
    return (key.size() <= kShort ? of_short(key, seed_) : of_long(key, seed_)) & mask_;
  }

 private:
  static constexpr std::size_t kShort = 16;
  // All of XXH3 is inlined here, and all but its way for short inputs then falls away.
  [[gnu::always_inline, gnu::flatten]] static std::uint64_t of_short(std::string_view key,
                                                                     std::uint64_t seed) noexcept {
    if (key.size() > kShort) __builtin_unreachable();
    return XXH3_64bits_withSeed(key.data(), key.size(), seed);
  }
  [[gnu::noinline]] static std::uint64_t of_long(std::string_view key, std::uint64_t seed) noexcept {
    return XXH3_64bits_withSeed(key.data(), key.size(), seed);
  }

  std::uint64_t seed_;
  std::uint64_t mask_;
};

}  // namespace flashkv
