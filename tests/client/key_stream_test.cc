#include "client/kvctl/bench/key_stream.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <vector>

namespace flashkv::kvctl {
namespace {

TEST(Zipf, FrequenciesFallAsTheLawSays) {
  constexpr std::uint64_t kKeys = 1000;
  constexpr int kDraws = 400'000;
  const Zipf zipf(kKeys);
  std::vector<int> seen(kKeys);
  for (int i = 0; i < kDraws; ++i) ++seen.at(zipf((i + 0.5) / kDraws));
  double zeta = 0;
  for (std::uint64_t i = 1; i <= kKeys; ++i) zeta += std::pow(static_cast<double>(i), -Zipf::kExponent);
  for (const std::uint64_t rank : {0U, 1U, 9U, 99U}) {
    const double wanted = std::pow(static_cast<double>(rank + 1), -Zipf::kExponent) / zeta;
    EXPECT_NEAR(seen[rank] / static_cast<double>(kDraws), wanted, wanted * 0.25) << "rank " << rank;
  }
  EXPECT_GT(seen[0], seen[10]);
  EXPECT_GT(seen[10], seen[500]);
}

TEST(Zipf, StaysInRangeAtTheEdges) {
  for (const std::uint64_t n : {1U, 2U, 3U, 10U}) {
    const Zipf zipf(n);
    for (const double u : {0.0, 0.3, 0.9, 0.999999999999}) EXPECT_LT(zipf(u), n) << n << " " << u;
  }
}

TEST(KeyStream, UniformReachesEveryKeyAndKeysHaveTheSizeAskedFor) {
  BenchSettings settings;
  settings.keys = 50;
  settings.key_size = 12;
  KeyStream keys(settings, nullptr, 1);
  std::set<std::string> seen;
  std::string key;
  for (int i = 0; i < 2000; ++i) {
    keys.write_next(&key);
    ASSERT_EQ(key.size(), 12U);
    seen.insert(key);
  }
  EXPECT_EQ(seen.size(), 50U);
  EXPECT_EQ(*seen.begin(), "kvbench:0000");
}

TEST(KeyStream, ZipfKeysAreKeysThatWereLoaded) {
  BenchSettings settings;
  settings.keys = 97;
  KeyStream keys(settings, std::make_shared<const Zipf>(settings.keys), 1);
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 20'000; ++i) {
    const std::uint64_t number = keys.next();
    ASSERT_LT(number, settings.keys);
    seen.insert(number);
  }
  EXPECT_GT(seen.size(), 90U);
}

TEST(KeyStream, TheSameSeedGivesTheSameKeys) {
  const BenchSettings settings;
  KeyStream a(settings, nullptr, 5);
  KeyStream b(settings, nullptr, 5);
  for (int i = 0; i < 100; ++i) ASSERT_EQ(a.next(), b.next());
}

}  // namespace
}  // namespace flashkv::kvctl
