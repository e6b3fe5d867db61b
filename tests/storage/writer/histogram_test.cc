#include "storage/writer/histogram.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace flashkv {
namespace {

TEST(HistogramTest, EveryValueFallsIntoABucketWhoseBoundIsAtMostASixteenthAbove) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 100'000; ++i) {
    const std::uint64_t value = random() >> (25 + random() % 39);
    const std::uint64_t bound = Histogram::upper_bound(Histogram::bucket_of(value));
    ASSERT_GE(bound, value);
    ASSERT_LE(bound - value, value / 16) << value;
  }
}

TEST(HistogramTest, BucketsAreContiguous) {
  for (std::size_t b = 0; b + 1 < Histogram::kBuckets; ++b) {
    ASSERT_EQ(Histogram::bucket_of(Histogram::upper_bound(b)), b);
    ASSERT_EQ(Histogram::bucket_of(Histogram::upper_bound(b) + 1), b + 1);
  }
}

TEST(HistogramTest, PercentilesAreRanks) {
  Histogram h;
  EXPECT_EQ(h.percentile(0.5), 0U);
  for (std::uint64_t v = 1; v <= 10; ++v) h.record(v);
  EXPECT_EQ(h.percentile(0), 1U);
  EXPECT_EQ(h.percentile(0.1), 1U);
  EXPECT_EQ(h.percentile(0.5), 5U);
  EXPECT_EQ(h.percentile(0.51), 6U);
  EXPECT_EQ(h.percentile(0.99), 10U);
  EXPECT_EQ(h.percentile(1), 10U);
  EXPECT_EQ(h.sum(), 55U);
}

TEST(HistogramTest, NoPercentileExceedsTheMaximum) {
  Histogram h;
  h.record(1'000'001);
  EXPECT_EQ(h.percentile(0.5), 1'000'001U);
  h.record(std::uint64_t{1} << 50);
  EXPECT_EQ(h.percentile(1), std::uint64_t{1} << 50);
  EXPECT_EQ(h.max(), std::uint64_t{1} << 50);
  EXPECT_EQ(h.bucket_count(Histogram::kBuckets - 1), 1U);
}

TEST(HistogramTest, TheLiveOneCopiesOutWhatWasRecorded) {
  LiveHistogram live;
  Histogram plain;
  for (std::uint64_t v = 0; v < 5000; v += 7) {
    live.record(v);
    plain.record(v);
  }
  const Histogram view = live.view();
  EXPECT_EQ(view.count(), plain.count());
  EXPECT_EQ(view.sum(), plain.sum());
  EXPECT_EQ(view.max(), plain.max());
  for (const double q : {0.01, 0.5, 0.9, 0.999}) EXPECT_EQ(view.percentile(q), plain.percentile(q));
}

}  // namespace
}  // namespace flashkv
