// The engines over a WordIndex, in the configurations that their tests need.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "storage/engine/critnib/critnib.h"
#include "storage/engine/radix/radix.h"
#include "storage/reclaim/epoch.h"
#include "tests/support/engine_batch.h"
#include "tests/support/sanitized.h"

namespace flashkv::test {

inline EngineOptions word_options(KeyHash hash, unsigned slice_bits = 0,
                                  WordOrder order = WordOrder::kForward) {
  EngineOptions options;
  options.hash = hash;
  options.slice_bits = slice_bits;
  options.word_order = order;
  return options;
}

// A radix engine of one width and order, made from the hash alone.
template <typename E, unsigned kBits, WordOrder kOrder = WordOrder::kForward>
struct Sliced : E {
  explicit Sliced(const EngineOptions& options)
      : E([&] {
          EngineOptions o = options;
          o.slice_bits = kBits;
          o.word_order = kOrder;
          return o;
        }()) {}
};
using Radix4 = Sliced<RadixEngine<reclaim::Epoch>, 4>;
using Radix11Reversed = Sliced<RadixEngine<reclaim::Epoch>, 11, WordOrder::kReversed>;
using Compressed4Reversed = Sliced<CompressedRadixEngine<reclaim::Epoch>, 4, WordOrder::kReversed>;
using Compressed8 = Sliced<CompressedRadixEngine<reclaim::Epoch>, 8>;
using Compressed13 = Sliced<CompressedRadixEngine<reclaim::Epoch>, 13>;

// A critnib whose nodes serve again after a few removals, so that readers are sent back all the time.
class ShortLived : public critnib::Tree<critnib::RecycledNodes<4>> {
 public:
  static constexpr std::string_view kName = "critnib-short-lived";
  using Tree::Tree;
};
using ShortLivedCritnib = WordEngine<reclaim::Epoch, ShortLived>;
using Critnib = CritnibEngine<reclaim::Epoch>;
using CritnibLeak = LeakingCritnibEngine<reclaim::Epoch>;

using WordEngines = ::testing::Types<Radix4, Radix11Reversed, Compressed4Reversed, Compressed8, Compressed13,
                                     Critnib, ShortLivedCritnib, CritnibLeak>;

// Words with common heads, common tails, both, collisions, one word for all, and no pattern.
inline const std::vector<std::uint64_t>& word_masks() {
  static const std::vector<std::uint64_t> masks{
      0xffff, std::uint64_t{0xffff} << 48, 0x8000'0300'0180'0007, 0x3, 0, ~std::uint64_t{0}};
  return masks;
}

// A key whose hash is the word, under a mask of few bits.
inline std::string key_with(const KeyHash& hash, std::uint64_t word, unsigned skip = 0) {
  for (std::uint64_t n = 0;; ++n) {
    std::string key = named("key", n);
    if (hash(key) == word && skip-- == 0) return key;
  }
}

}  // namespace flashkv::test
