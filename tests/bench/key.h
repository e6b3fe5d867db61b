// The keys of the benchmarks, and the numbers that choose them.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace flashkv::bench {

// A 16-byte key; distinct for distinct numbers, and without an order that an index could profit from.
struct Key {
  explicit Key(std::uint64_t n = 0) noexcept {
    std::uint64_t mixed = n * 0xbf58'476d'1ce4'e5b9;
    mixed ^= mixed >> 31;
    std::memcpy(bytes.data(), &mixed, 8);
    std::memcpy(bytes.data() + 8, &n, 8);
  }
  std::string_view view() const noexcept { return {bytes.data(), bytes.size()}; }
  std::array<char, 16> bytes;
};

inline std::uint64_t next_random(std::uint64_t& state) noexcept {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return state;
}

}  // namespace flashkv::bench
