// Words cut into slices, and their bits reversed.
#include "storage/engine/radix/slices.h"

#include <gtest/gtest.h>

#include <random>

namespace flashkv::radix {
namespace {

constexpr unsigned kWidths[] = {4, 8, 11, 13, 16};

TEST(SlicesTest, TheSlicesTogetherAreTheWord) {
  std::mt19937_64 random(1);
  for (const unsigned width : kWidths) {
    const Slices s(width);
    for (int i = 0; i < 1'000; ++i) {
      const std::uint64_t word = random();
      std::uint64_t together = 0;
      for (unsigned level = 0; level < s.levels; ++level) {
        ASSERT_LT(s.index(word, level), std::size_t{1} << s.bits_at(level));
        together = (together << s.bits_at(level)) | s.index(word, level);
      }
      ASSERT_EQ(together, word) << "width " << width;
    }
  }
}

TEST(SlicesTest, WidthsThatDoNotDivide64LeaveASmallerLastSlice) {
  EXPECT_EQ(Slices(11).levels, 6U);
  EXPECT_EQ(Slices(11).last_bits, 9U);
  EXPECT_EQ(Slices(13).levels, 5U);
  EXPECT_EQ(Slices(13).last_bits, 12U);
  for (const unsigned width : {4U, 8U, 16U}) {
    EXPECT_EQ(Slices(width).levels, 64 / width);
    EXPECT_EQ(Slices(width).last_bits, width);
  }
}

TEST(SlicesTest, WordsPartAtTheFirstSliceThatDiffers) {
  std::mt19937_64 random(2);
  for (const unsigned width : kWidths) {
    const Slices s(width);
    for (unsigned bit = 0; bit < 64; ++bit) {
      const std::uint64_t a = random();
      const std::uint64_t b = a ^ (std::uint64_t{1} << bit) ^ (random() & ((std::uint64_t{1} << bit) - 1));
      unsigned level = 0;
      while (s.index(a, level) == s.index(b, level)) ++level;
      ASSERT_EQ(s.parting(a, b), level) << "width " << width << ", bit " << bit;
    }
  }
}

TEST(SlicesTest, OtherWidthsAreNotValid) {
  int valid = 0;
  for (unsigned width = 0; width <= 64; ++width) valid += Slices::valid(width) ? 1 : 0;
  EXPECT_EQ(valid, 5);
  for (const unsigned width : kWidths) EXPECT_TRUE(Slices::valid(width));
}

TEST(WordOrderTest, ReversedTheLastBitComesFirst) {
  for (unsigned bit = 0; bit < 64; ++bit) {
    const std::uint64_t word = std::uint64_t{1} << bit;
    EXPECT_EQ(ordered(word, WordOrder::kReversed), std::uint64_t{1} << (63 - bit));
    EXPECT_EQ(ordered(word, WordOrder::kForward), word);
  }
  std::mt19937_64 random(3);
  for (int i = 0; i < 100; ++i) {
    const std::uint64_t word = random();
    EXPECT_EQ(ordered(ordered(word, WordOrder::kReversed), WordOrder::kReversed), word)
        << "no two words become one";
  }
}

}  // namespace
}  // namespace flashkv::radix
