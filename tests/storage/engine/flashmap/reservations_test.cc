#include "storage/engine/flashmap/reservations.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "tests/storage/engine/flashmap/table_view.h"

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

// Each segment counts the outstanding reservations of its own part of the hash space (I7).
void expect_counted(const TwinTable& table, const std::vector<std::uint64_t>& outstanding_hashes) {
  std::map<const Segment*, std::uint64_t> expected;
  const int depth = std::countr_zero(table.directory().size());
  for (const Segment* s : table.directory()) expected[s] = 0;
  for (const std::uint64_t hash : outstanding_hashes) ++expected[table.directory()[hash >> (64 - depth)]];
  for (const auto& [s, reserved] : expected) {
    ASSERT_EQ(s->reserved, reserved) << "segment at " << s->prefix << ", depth " << int{s->depth};
  }
}

// Four in five keys have the next hash bit set, so a split that confuses the sides cannot even out.
TEST(TableReservations, FollowTheirSideWhenASegmentSplits) {
  const KeyHash hash{11};
  TwinTable table{hash};
  std::vector<std::uint64_t> left;
  std::vector<std::string> keys;
  for (std::uint64_t n = 0; keys.size() < 20'000; ++n) {
    const std::string key = "key" + std::to_string(n);
    if (hash(key) >> 63 == 0 && n % 4 != 0) continue;
    keys.push_back(key);
  }
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const Probe probe{keys[i], hash(keys[i])};
    const std::uint64_t segments = table.segment_count();
    ASSERT_TRUE(table.reserve({&probe, 1}));
    if (i % 3 == 0) {
      table.upsert(new_record(probe.key, "v"), probe.hash);
    } else {
      left.push_back(probe.hash);
    }
    if (table.segment_count() != segments) expect_counted(table, left);
  }
  EXPECT_GE(table.segment_count(), 8U);
  expect_counted(table, left);
  EXPECT_EQ(records_counted(table), keys.size() - left.size());
  publish(table, 1);  // what is left lapses
  table.replay();
  expect_counted(table, {});
}

}  // namespace
}  // namespace flashkv::flashmap
