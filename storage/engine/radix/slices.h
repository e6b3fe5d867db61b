// Cuts a 64-bit word into slices, each an index into one node.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include "storage/table/engine_options.h"

namespace flashkv::radix {

// Purpose: slices of equal width from the highest bits down; the last takes what is left (64 is not a
//          multiple of 11 or 13), so that its nodes, the most numerous, are the smaller ones.
// Usage:   constexpr Slices s(8);  node[s.index(word, 0)] -> node[s.index(word, 1)] -> ... s.last()
struct Slices {
  constexpr explicit Slices(unsigned width) noexcept
      : bits(width), levels((64 + width - 1) / width), last_bits(64 - width * (levels - 1)) {}

  static constexpr bool valid(unsigned width) noexcept {
    return width == 4 || width == 8 || width == 11 || width == 13 || width == 16;
  }
  constexpr unsigned last() const noexcept { return levels - 1; }
  constexpr unsigned bits_at(unsigned level) const noexcept { return level == last() ? last_bits : bits; }
  constexpr std::size_t index(std::uint64_t word, unsigned level) const noexcept {
    return (word << (level * bits)) >> (64 - bits_at(level));
  }
  // The first level at which two different words have different slices.
  constexpr unsigned parting(std::uint64_t a, std::uint64_t b) const noexcept {
    return static_cast<unsigned>(std::countl_zero(a ^ b)) / bits;
  }

  unsigned bits;
  unsigned levels;
  unsigned last_bits;
};

// The word that the tree's walk follows. Reversed, the last bit comes first: words that share their heads
// then differ at early levels, and words that share their tails at late ones.
constexpr std::uint64_t ordered(std::uint64_t w, WordOrder order) noexcept {
  if (order == WordOrder::kForward) return w;
  const auto swap = [&w](unsigned by, std::uint64_t low) { w = ((w >> by) & low) | ((w & low) << by); };
  swap(1, 0x5555'5555'5555'5555);
  swap(2, 0x3333'3333'3333'3333);
  swap(4, 0x0f0f'0f0f'0f0f'0f0f);
  return __builtin_bswap64(w);
}

}  // namespace flashkv::radix
