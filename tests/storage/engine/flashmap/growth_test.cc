#include <gtest/gtest.h>

#include <string>

#include "tests/storage/engine/flashmap/table_view.h"

namespace flashkv::flashmap {
namespace {

std::string key_of(std::uint64_t n) { return "key" + std::to_string(n); }

// Batches of 100 new keys until there are `keys`; both halves are checked whenever a batch grew something.
void fill(TwinTable& table, const KeyHash& hash, std::uint64_t keys) {
  std::uint64_t segments = table.segment_count();
  for (std::uint64_t n = 0; n < keys;) {
    for (int i = 0; i < 100 && n < keys; ++i, ++n) put(table, hash, key_of(n), std::to_string(n));
    const std::uint64_t unpublished = n;
    const Half& reading = table.half(1 - table.staged());
    EXPECT_EQ(reading.find({key_of(unpublished - 1), hash(key_of(unpublished - 1))}), nullptr);
    publish(table, n);
    table.replay();
    if (table.segment_count() != segments) expect_level(table);
    segments = table.segment_count();
  }
  for (std::uint64_t n = 0; n < keys; ++n) {
    const Record* record = table.find({key_of(n), hash(key_of(n))});
    ASSERT_NE(record, nullptr) << n;
    ASSERT_EQ(record->value(), std::to_string(n));
  }
}

TEST(Growth, ASmallTableIsOneSegmentThatGrowsInPlace) {
  const KeyHash hash{1};
  TwinTable table{hash};
  fill(table, hash, 1'000);
  EXPECT_EQ(table.segment_count(), 1U);
  EXPECT_LE(table.directory()[0]->log2, kSegmentLog2);
}

TEST(Growth, ALargeTableSplitsAndNoSegmentIsLarge) {
  const KeyHash hash{2};
  TwinTable table{hash};
  fill(table, hash, 100'000);
  EXPECT_GE(table.segment_count(), 40U);
  EXPECT_LE(table.segment_count(), 128U);
  EXPECT_LE(table.directory().size(), 256U);
  for (const Segment* s : table.directory()) EXPECT_EQ(s->log2, kSegmentLog2);
  EXPECT_EQ(records_counted(table), 100'000U);
  expect_level(table);
}

// Splits come one after another: no batch of 100 in the doubling from 64 to 128 segments makes more than a
// few.
TEST(Growth, SplitsAreSpreadOverADoubling) {
  const KeyHash hash{3};
  TwinTable table{hash};
  fill(table, hash, 80'000);
  std::uint64_t most = 0;
  for (std::uint64_t n = 80'000; n < 160'000; n += 100) {
    const std::uint64_t before = table.segment_count();
    for (std::uint64_t i = n; i < n + 100; ++i) put(table, hash, key_of(i), "v");
    most = std::max(most, table.segment_count() - before);
    publish(table, n);
    table.replay();
  }
  EXPECT_GE(most, 1U);
  EXPECT_LE(most, 5U);
}

TEST(Growth, EqualHashesEnlargeOneSegmentAndNeverSplitIt) {
  for (const std::uint64_t mask : {std::uint64_t{0}, std::uint64_t{0x3}}) {
    const KeyHash hash{4, mask};
    TwinTable table{hash};
    fill(table, hash, 4'000);
    EXPECT_EQ(table.segment_count(), 1U);
    EXPECT_EQ(table.directory().size(), 2U);
    EXPECT_GE(table.directory()[0]->log2, 9);
    expect_level(table);
  }
}

// Hashes that share their first 40 bits: a directory deep enough to part them would have 2^40 entries.
TEST(Growth, KeysThatShareALongPrefixLeaveTheDirectorySmall) {
  const KeyHash hash{5, 0x0000'0000'00ff'ffff};
  TwinTable table{hash};
  fill(table, hash, 20'000);
  EXPECT_EQ(table.directory().size(), 2U);
  expect_level(table);
}

// Keys chosen so that 19 in 20 share their first eight bits: each split parts off a few of the others, and
// without a bound the directory would double for every one of them.
TEST(Growth, TheDirectoryStaysBoundedByTheNumberOfSegments) {
  const KeyHash hash{6};
  TwinTable table{hash};
  std::uint64_t keys = 0;
  for (std::uint64_t n = 0; keys < 10'000; ++n) {
    const bool crowded = hash(key_of(n)) >> 56 == 0;
    if (!crowded && n % 5'000 != 0) continue;
    put(table, hash, key_of(n), "v");
    if (++keys % 100 != 0) continue;
    publish(table, n);
    table.replay();
    ASSERT_LE(table.directory().size(), 8 * table.segment_count());
  }
  EXPECT_GE(table.segment_count(), 2U);
  EXPECT_EQ(records_counted(table), keys);
  expect_level(table);
  EXPECT_EQ(content_of(table, 0, hash).size(), keys);
}

// One request may be large: all its room is there before its first key is.
TEST(Growth, OnePrepareOfManyKeysMakesRoomForAll) {
  for (const std::uint64_t mask : {~std::uint64_t{0}, std::uint64_t{0xff}}) {
    const KeyHash hash{7, mask};
    TwinTable table{hash};
    std::vector<std::string> keys;
    std::vector<Probe> probes;
    for (std::uint64_t n = 0; n < 10'000; ++n) keys.push_back(key_of(n));
    for (const std::string& key : keys) probes.push_back({key, hash(key)});
    ASSERT_TRUE(table.reserve(probes));
    const std::uint64_t segments = table.segment_count();
    const std::uint64_t bytes = table.stats().index_bytes;
    if (mask == ~std::uint64_t{0}) {
      EXPECT_LE(segments, 16U);
    }
    for (const Probe& probe : probes) table.upsert(new_record(probe.key, "v"), probe.hash);
    EXPECT_EQ(table.segment_count(), segments);
    EXPECT_EQ(table.stats().index_bytes, bytes);
    publish(table, 1);
    table.replay();
    expect_level(table);
    EXPECT_EQ(records_counted(table), 10'000U);
  }
}

// Reservations that were not used lapse: preparing the same keys for ever does not grow the table.
TEST(Growth, UnusedReservationsLapseAtPublish) {
  const KeyHash hash{8};
  TwinTable table{hash};
  for (std::uint64_t round = 1; round <= 2'000; ++round) {
    for (int i = 0; i < 20; ++i) {
      const std::string key = key_of(round * 20 + static_cast<std::uint64_t>(i));
      const Probe probe{key, hash(key)};
      ASSERT_TRUE(table.reserve({&probe, 1}));
    }
    publish(table, round);
    table.replay();
  }
  EXPECT_LE(table.stats().index_bytes, 16U * 1024);
}

TEST(Growth, RewritingTheSameKeysDoesNotGrowTheTable) {
  const KeyHash hash{9};
  TwinTable table{hash};
  fill(table, hash, 1'000);
  const unsigned log2 = table.directory()[0]->log2;
  for (std::uint64_t n = 0; n < 20'000; ++n) put(table, hash, key_of(n % 1'000), "again");
  EXPECT_EQ(table.directory()[0]->log2, log2);
  EXPECT_EQ(table.stats().keys, 1'000U);
}

}  // namespace
}  // namespace flashkv::flashmap
