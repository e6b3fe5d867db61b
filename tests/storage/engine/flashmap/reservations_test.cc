#include "storage/engine/flashmap/reservations.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace flashkv::flashmap {
namespace {

using ::testing::UnorderedElementsAre;

std::vector<std::uint64_t> outstanding(const Reservations& r) {
  return {r.outstanding().begin(), r.outstanding().end()};
}

void add_all(Reservations& r, std::initializer_list<std::uint64_t> hashes) {
  ASSERT_TRUE(r.reserve(hashes.size()));
  for (const std::uint64_t hash : hashes) r.add(hash);
}

TEST(Reservations, AreTakenOnceEach) {
  Reservations r;
  add_all(r, {1, 2, 2, 3});
  EXPECT_TRUE(r.take(1));
  EXPECT_TRUE(r.take(2));
  EXPECT_TRUE(r.take(2));
  EXPECT_FALSE(r.take(2));
  EXPECT_FALSE(r.take(1));
  EXPECT_THAT(outstanding(r), UnorderedElementsAre(3));
}

TEST(Reservations, SkippedOnesStayOutstanding) {
  Reservations r;
  add_all(r, {1, 2, 3, 4, 5});
  EXPECT_TRUE(r.take(3));
  EXPECT_TRUE(r.take(5));
  EXPECT_THAT(outstanding(r), UnorderedElementsAre(1, 2, 4));
  add_all(r, {6, 7});
  EXPECT_TRUE(r.take(7));
  EXPECT_TRUE(r.take(2));
  EXPECT_THAT(outstanding(r), UnorderedElementsAre(1, 4, 6));
}

TEST(Reservations, TheNewestAreDroppedTogether) {
  Reservations r;
  add_all(r, {1, 2});
  add_all(r, {3, 4, 5});
  r.drop_newest(3);
  EXPECT_THAT(outstanding(r), UnorderedElementsAre(1, 2));
}

TEST(Reservations, BehaveLikeAMultisetInAnyOrder) {
  std::mt19937_64 random(7);
  Reservations r;
  std::vector<std::uint64_t> expected;
  for (int round = 0; round < 5'000; ++round) {
    if (random() % 3 == 0) {
      const std::size_t n = random() % 5;
      ASSERT_TRUE(r.reserve(n));
      for (std::size_t i = 0; i < n; ++i) {
        expected.push_back(random() % 16);
        r.add(expected.back());
      }
    }
    const std::uint64_t hash = random() % 16;
    const auto found = std::find(expected.begin(), expected.end(), hash);
    ASSERT_EQ(r.take(hash), found != expected.end());
    if (found != expected.end()) expected.erase(found);
    ASSERT_THAT(outstanding(r), ::testing::UnorderedElementsAreArray(expected));
  }
}

}  // namespace
}  // namespace flashkv::flashmap
