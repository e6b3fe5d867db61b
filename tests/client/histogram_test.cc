#include "client/kvctl/histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace flashkv::kvctl {
namespace {

TEST(LatencyHistogram, PercentilesAreAtMostOneSixtyFourthTooHigh) {
  std::mt19937_64 random(3);
  LatencyHistogram h;
  std::vector<std::uint64_t> samples;
  for (int i = 0; i < 20'000; ++i) {
    samples.push_back(random() >> (random() % 60));
    h.record(samples.back());
  }
  std::sort(samples.begin(), samples.end());
  for (const double q : {0.01, 0.5, 0.9, 0.99, 0.999}) {
    const std::uint64_t exact = samples[static_cast<std::size_t>(q * 20'000 + 0.999999) - 1];
    EXPECT_GE(h.percentile(q), exact) << q;
    EXPECT_LE(h.percentile(q) - exact, exact / 64 + 1) << q;
  }
  EXPECT_EQ(h.max(), samples.back());
  EXPECT_EQ(h.percentile(1.0), samples.back());
  EXPECT_EQ(h.count(), 20'000U);
}

TEST(LatencyHistogram, MergingIsCountingTogether) {
  LatencyHistogram a;
  LatencyHistogram b;
  LatencyHistogram both;
  for (std::uint64_t i = 0; i < 1000; ++i) {
    (i % 2 == 0 ? a : b).record(i * i);
    both.record(i * i);
  }
  a.merge(b);
  EXPECT_EQ(a.count(), both.count());
  EXPECT_EQ(a.max(), both.max());
  for (const double q : {0.1, 0.5, 0.99}) EXPECT_EQ(a.percentile(q), both.percentile(q)) << q;
}

TEST(LatencyHistogram, APercentileIsTheSmallestSampleThatCoversItsShare) {
  LatencyHistogram h;
  for (const std::uint64_t sample : {10, 20, 30}) h.record(sample);
  EXPECT_EQ(h.percentile(0.3), 10U);
  EXPECT_EQ(h.percentile(0.5), 20U);
  EXPECT_EQ(h.percentile(0.99), 30U);
}

TEST(LatencyHistogram, WithoutSamplesIsZero) {
  const LatencyHistogram h;
  EXPECT_EQ(h.percentile(0.99), 0U);
  EXPECT_EQ(h.max(), 0U);
}

}  // namespace
}  // namespace flashkv::kvctl
