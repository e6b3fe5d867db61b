// Splits, merges and shared entries, each where it happens; how much is copied and how much is reserved.
#include <gtest/gtest.h>

#include <string>

#include "tests/storage/order/index_view.h"

namespace flashkv::order {
namespace {

constexpr unsigned kFullLeaves = Inner::kCapacity;

// Keys in order leave every leaf full; so many of them fill a root above.
void fill_root(Twin& twin) {
  for (unsigned n = 0; n < kFullLeaves * Leaf::kCapacity; ++n) twin.put(numbered(10 * n), "v");
  twin.publish();
  ASSERT_EQ(twin.index.staged().height, 2U);
  ASSERT_EQ(twin.index.staged().node->size, kFullLeaves);
}

TEST(OrderTree, AnEmptyIndexHasNoKeys) {
  Twin twin;
  EXPECT_EQ(scanned(twin.index.staged()), Entries{});
  twin.erase("a");
  twin.publish();
  EXPECT_EQ(scanned(twin.index.staged(), {"a", "b"}, Cursor::kReverse), Entries{});
  EXPECT_EQ(Cursor({}, {}, Cursor::kForward).count_left(), 0U);
  EXPECT_EQ(twin.index.stats().node_bytes, 0U);
}

TEST(OrderTree, TheLastKeyErasedTakesTheTreeWithIt) {
  Twin twin;
  for (const char* key : {"b", "a", "c"}) twin.put(key, key);
  for (const char* key : {"b", "c", "a"}) {
    twin.erase(key);
    expect_sound(twin.index);
  }
  twin.publish();
  EXPECT_EQ(twin.index.staged().node, nullptr);
  twin.put("d", "again");
  twin.publish();
  EXPECT_EQ(scanned(twin.index.staged()), expected(twin.map));
}

TEST(OrderTree, KeysInOrderFillTheirLeaves) {
  Twin twin;
  fill_root(twin);
  EXPECT_EQ(twin.index.stats().node_bytes, (kFullLeaves + 1) * kNodeBytes);
  expect_sound(twin.index);
}

// The path is copied, both its nodes split, and a root comes above: nothing more, and nothing less
// is reserved.
TEST(OrderTree, ASplitRootTakesExactlyWhatWasReserved) {
  Twin twin;
  fill_root(twin);
  const std::uint64_t before = twin.index.stats().node_bytes;
  ASSERT_TRUE(twin.index.reserve(1));
  const std::uint64_t reserved = twin.index.stats().pool_bytes / kNodeBytes;
  twin.put(numbered(10 * Leaf::kCapacity + 5), "in the middle");
  expect_sound(twin.index);
  EXPECT_EQ(twin.index.staged().height, 3U);
  EXPECT_EQ(twin.index.stats().node_bytes, before + 3 * kNodeBytes) << "two halves and a root";
  EXPECT_EQ(reserved, 2 + 2 + 1 + 1U) << "two copies, two halves, a root; a block for a replaced record";
  twin.publish();
  EXPECT_EQ(scanned(twin.index.staged()), expected(twin.map));
}

// A pool that runs dry ends the process, and nothing stays in it from batch to batch here.
TEST(OrderTree, EveryReservationIsEnoughByItself) {
  Twin twin;
  fill_root(twin);
  twin.put(numbered(0), "the list of records has room from here on");
  for (unsigned n = 0; n < kFullLeaves * Leaf::kCapacity; n += 7) twin.put(numbered(10 * n + 5), "w");
  expect_sound(twin.index);
  twin.publish();
  for (unsigned n = 0; n < 10 * kFullLeaves * Leaf::kCapacity; n += 5) {
    twin.erase(numbered(n));
    if (n % 64 == 0) twin.publish();
  }
  EXPECT_EQ(twin.index.staged().node, nullptr);
}

TEST(OrderTree, AReplacementCopiesItsPathAndNothingElse) {
  Twin twin;
  for (unsigned n = 0; n < 20'000; ++n) twin.put(numbered(n * 7'919 % 20'000), "v");
  twin.publish();
  const Pin* pin = twin.index.pin();
  ASSERT_NE(pin, nullptr);
  const Stats before = twin.index.stats();
  const unsigned height = twin.index.staged().height;
  twin.put(numbered(4'711), "w");
  EXPECT_EQ(twin.index.stats().retired_nodes, height);
  twin.put(numbered(4'711), "x");
  EXPECT_EQ(twin.index.stats().retired_nodes, height) << "a node of the running batch changes in place";
  twin.publish();
  EXPECT_EQ(twin.index.stats().node_bytes, before.node_bytes);
  EXPECT_EQ(twin.index.stats().retired_nodes, height);
  EXPECT_EQ(twin.index.stats().retired_records, 1U) << "no pin ever saw the second value";
  twin.index.unpin(pin);
}

TEST(OrderTree, ErasingAnAbsentKeyCopiesNothing) {
  Twin twin;
  for (unsigned n = 0; n < 1'000; ++n) twin.put(numbered(n), "v");
  twin.publish();
  const Root before = twin.index.staged();
  for (const char* key : {"key", "key:00000500x", "", "z"}) twin.erase(key);
  EXPECT_EQ(twin.index.staged().node, before.node);
  twin.publish();
}

// The first record of a leaf is also in the nodes above it.
TEST(OrderTree, ReplacedAndErasedFirstRecordsAreReplacedAbove) {
  Twin twin;
  fill_root(twin);
  for (unsigned n = 0; n < kFullLeaves; n += 3) twin.put(numbered(10 * n * Leaf::kCapacity), "w");
  expect_sound(twin.index);
  for (unsigned n = 0; n < kFullLeaves; n += 2) twin.erase(numbered(10 * n * Leaf::kCapacity));
  expect_sound(twin.index);
  twin.publish();
  EXPECT_EQ(scanned(twin.index.staged()), expected(twin.map));
  twin.put("a", "below all");
  expect_sound(twin.index);
  twin.publish();
  EXPECT_EQ(scanned(twin.index.staged()), expected(twin.map));
}

// Every leaf is full: the one at hand cannot become one with its neighbour, so they share.
TEST(OrderTree, ALeafThatRunsLowTakesFromItsFullNeighbour) {
  for (const bool last : {false, true}) {
    Twin twin;
    fill_root(twin);
    for (unsigned n = 0; n < 2 * Leaf::kCapacity; ++n) {
      twin.erase(numbered(10 * (last ? kFullLeaves * Leaf::kCapacity - 1 - n : 3 * Leaf::kCapacity + n)));
      expect_sound(twin.index);
      if (twin.index.staged().node->size < kFullLeaves) break;
      if (n % 8 == 0) twin.publish();
    }
    EXPECT_LT(twin.index.staged().node->size, kFullLeaves) << "in the end they are one";
    twin.publish();
    EXPECT_EQ(scanned(twin.index.staged()), expected(twin.map));
  }
}

TEST(OrderTree, PromisesAddUpAndAreUsedUp) {
  Twin twin;
  for (unsigned n = 0; n < 5'000; ++n) twin.put(numbered(n), "v");
  twin.publish();
  ASSERT_TRUE(twin.index.reserve(1));
  const std::uint64_t one = twin.index.stats().pool_bytes;
  ASSERT_TRUE(twin.index.reserve(2));
  const std::uint64_t three = twin.index.stats().pool_bytes;
  EXPECT_GT(three, one);
  twin.publish();
  EXPECT_EQ(twin.index.stats().pool_bytes, 0U) << "they lapse";
  ASSERT_TRUE(twin.index.reserve(3));
  EXPECT_EQ(twin.index.stats().pool_bytes, three) << "one by one or together";
  twin.publish();
  for (unsigned n = 0; n < 100; ++n) {
    ASSERT_TRUE(twin.index.reserve(1));
    EXPECT_LE(twin.index.stats().pool_bytes, 2 * one) << "a batch of small requests never holds more";
    twin.index.erase(numbered(n * 49));
  }
  twin.publish();
}

TEST(OrderTree, APoolKeepsNoMoreThanItMayFromBatchToBatch) {
  Twin twin(4 * kNodeBytes);
  ASSERT_TRUE(twin.index.reserve(1'000));
  EXPECT_GT(twin.index.stats().pool_bytes, 1'000 * kNodeBytes);
  twin.publish();
  EXPECT_EQ(twin.index.stats().pool_bytes, 4 * kNodeBytes);
}

}  // namespace
}  // namespace flashkv::order
