// What a pin keeps, for how long, and what the statistics say of it.
#include <gtest/gtest.h>

#include <string>

#include "tests/storage/order/index_view.h"

namespace flashkv::order {
namespace {

void put_all(Twin& twin, unsigned keys, const std::string& value) {
  for (unsigned n = 0; n < keys; ++n) twin.put(numbered(n), value);
  twin.publish();
}

TEST(OrderPins, APinKeepsItsRevisionWhileTheIndexGoesOn) {
  Twin twin;
  put_all(twin, 200, "old");
  const Pin* pin = twin.index.pin();
  ASSERT_NE(pin, nullptr);
  const Map then = twin.map;
  put_all(twin, 300, "new");
  for (unsigned n = 0; n < 300; n += 2) twin.erase(numbered(n));
  twin.publish();
  EXPECT_EQ(pin->revision, 1U);
  EXPECT_EQ(pin->keys, 200U);
  EXPECT_EQ(scanned(pin->root), expected(then));
  EXPECT_EQ(scanned(twin.index.staged()), expected(twin.map));
  twin.index.unpin(pin);
}

TEST(OrderPins, APinShowsNothingThatIsNotPublished) {
  Twin twin;
  put_all(twin, 10, "published");
  twin.put(numbered(3), "staged");
  twin.put("staged", "only");
  const Pin* pin = twin.index.pin();
  ASSERT_NE(pin, nullptr);
  const Entries seen = scanned(pin->root);
  EXPECT_EQ(seen.size(), 10U);
  EXPECT_EQ(seen[3].second, "published");
  twin.publish();
  EXPECT_EQ(scanned(pin->root), seen);
  twin.index.unpin(pin);
}

TEST(OrderPins, WithoutPinsAPublishFreesWhatTheBatchReplaced) {
  Twin twin;
  put_all(twin, 1'000, "old");
  const std::int64_t live = Record::live();
  for (unsigned n = 0; n < 1'000; ++n) twin.put(numbered(n), "new");
  EXPECT_EQ(twin.index.stats().retired_records, 1'000U);
  twin.publish();
  EXPECT_EQ(twin.index.stats().retired_records, 0U);
  EXPECT_EQ(twin.index.stats().retired_bytes, 0U);
  EXPECT_EQ(Record::live(), live);
}

TEST(OrderPins, RetiredBytesAreExact) {
  Twin twin;
  put_all(twin, 10, "old");
  const Pin* pin = twin.index.pin();
  ASSERT_NE(pin, nullptr);
  twin.put(numbered(1), "replaced");
  twin.erase(numbered(2));
  twin.publish();
  const std::uint64_t records = 2 * Record::bytes_for(12, 3, Record::Expiry::kNone);
  EXPECT_EQ(twin.index.stats().retired_nodes, 1U);
  EXPECT_EQ(twin.index.stats().retired_records, 2U);
  EXPECT_EQ(twin.index.stats().retired_bytes, 2 * kNodeBytes + records) << "the leaf, and the list's block";
  twin.index.unpin(pin);
  EXPECT_EQ(twin.index.stats().retired_records, 2U) << "until somebody has the time";
  EXPECT_FALSE(twin.index.collect(100));
  EXPECT_EQ(twin.index.stats().retired_bytes, 0U);
}

// Each value of the key is seen by at most one pin, whichever is returned first.
TEST(OrderPins, AReturnedPinGivesBackWhatItAloneSaw) {
  for (const bool older_first : {false, true}) {
    Twin twin;
    const std::int64_t live = Record::live();
    twin.put("k", "1");
    twin.publish();
    const Pin* older = twin.index.pin();
    for (const char* value : {"2", "3"}) {
      twin.put("k", value);
      twin.publish();
    }
    const Pin* newer = twin.index.pin();
    for (const char* value : {"4", "5"}) {
      twin.put("k", value);
      twin.publish();
    }
    ASSERT_TRUE(older != nullptr && newer != nullptr);
    EXPECT_EQ(twin.index.stats().retired_records, 2U) << "1 and 3; nobody saw 2 and 4";
    twin.index.unpin(older_first ? older : newer);
    EXPECT_FALSE(twin.index.collect(100));
    EXPECT_EQ(twin.index.stats().retired_records, 1U);
    EXPECT_EQ(twin.index.stats().retired_nodes, 1U);
    const Pin* left = older_first ? newer : older;
    EXPECT_EQ(scanned(left->root), (Entries{{"k", older_first ? "3" : "1"}}));
    twin.index.unpin(left);
    EXPECT_FALSE(twin.index.collect(100));
    EXPECT_EQ(twin.index.stats().retired_bytes, 0U);
    EXPECT_EQ(Record::live() - live, kRecordsAreCounted ? 1 : 0);
  }
}

TEST(OrderPins, ANewerPinKeepsNothingThatItNeverSaw) {
  Twin twin;
  put_all(twin, 100, "old");
  const Pin* older = twin.index.pin();
  put_all(twin, 100, "new");
  const Pin* newer = twin.index.pin();
  ASSERT_TRUE(older != nullptr && newer != nullptr);
  EXPECT_EQ(twin.index.stats().retired_records, 100U);
  twin.index.unpin(older);
  EXPECT_FALSE(twin.index.collect(1'000));
  EXPECT_EQ(twin.index.stats().retired_bytes, 0U);
  EXPECT_EQ(scanned(newer->root), expected(twin.map));
  twin.index.unpin(newer);
}

// What a newer pin kept may be what an older one sees, too.
TEST(OrderPins, WhatAnOlderPinStillSeesIsHandedDownToIt) {
  Twin twin;
  put_all(twin, 500, "old");
  const Map then = twin.map;
  const Pin* oldest = twin.index.pin();
  twin.put("x", "between");
  twin.publish();
  const Pin* middle = twin.index.pin();
  twin.put("y", "between");
  twin.publish();
  const Pin* newest = twin.index.pin();
  ASSERT_TRUE(oldest != nullptr && middle != nullptr && newest != nullptr);
  put_all(twin, 500, "new");
  twin.erase("x");
  twin.erase("y");
  twin.publish();
  EXPECT_EQ(twin.index.stats().retired_records, 502U);
  twin.index.unpin(newest);
  while (twin.index.collect(10)) EXPECT_EQ(scanned(oldest->root), expected(then)) << "in slices";
  EXPECT_EQ(twin.index.stats().retired_records, 501U) << "y is gone";
  twin.index.unpin(middle);
  EXPECT_FALSE(twin.index.collect(10'000));
  EXPECT_EQ(twin.index.stats().retired_records, 500U) << "x is gone";
  EXPECT_EQ(scanned(oldest->root), expected(then));
  twin.index.unpin(oldest);
  EXPECT_FALSE(twin.index.collect(10'000));
  EXPECT_EQ(twin.index.stats().retired_bytes, 0U);
}

// However long it is held and whatever is written meanwhile.
TEST(OrderPins, APinCostsNoMoreThanTheStateThatItSees) {
  Twin twin;
  put_all(twin, 2'000, "old");
  const Stats before = twin.index.stats();
  const Pin* pin = twin.index.pin();
  ASSERT_NE(pin, nullptr);
  for (int round = 0; round < 5; ++round) put_all(twin, 2'000, "new");
  EXPECT_EQ(twin.index.stats().retired_records, before.keys);
  EXPECT_EQ(twin.index.stats().retired_nodes * kNodeBytes, before.node_bytes);
  twin.index.unpin(pin);
}

TEST(OrderPins, CollectStopsWhereItIsTold) {
  Twin twin;
  put_all(twin, 2'000, "old");
  twin.index.unpin(twin.index.pin());
  EXPECT_FALSE(twin.index.collect(1)) << "nothing was retired under it";
  const Pin* pin = twin.index.pin();
  put_all(twin, 2'000, "new");
  twin.index.unpin(pin);
  std::uint64_t before = twin.index.stats().retired_records;
  EXPECT_EQ(before, 2'000U);
  while (twin.index.collect(10)) {
    const std::uint64_t now = twin.index.stats().retired_records;
    EXPECT_LE(before - now, 10 + RetiredChunk::kCapacity);
    before = now;
  }
  EXPECT_EQ(twin.index.stats().retired_bytes, 0U);
}

TEST(OrderPins, AreCountedAndTheOldestIsKnown) {
  Twin twin;
  const Pin* of_nothing = twin.index.pin();
  ASSERT_NE(of_nothing, nullptr);
  EXPECT_EQ(scanned(of_nothing->root), Entries{});
  EXPECT_EQ(twin.index.stats().oldest_pin, 0U);
  twin.index.unpin(of_nothing);
  put_all(twin, 3, "v");
  const Pin* first = twin.index.pin();
  const Pin* again = twin.index.pin();
  put_all(twin, 3, "w");
  const Pin* second = twin.index.pin();
  EXPECT_EQ(twin.index.stats().pins, 3U);
  EXPECT_EQ(twin.index.stats().oldest_pin, 1U);
  twin.index.unpin(first);
  EXPECT_EQ(twin.index.stats().oldest_pin, 1U) << "it was taken twice";
  EXPECT_EQ(scanned(again->root).front().second, "v");
  twin.index.unpin(again);
  EXPECT_EQ(twin.index.stats().oldest_pin, 2U);
  twin.index.unpin(second);
  EXPECT_EQ(twin.index.stats().pins, 0U);
  EXPECT_EQ(twin.index.stats().oldest_pin, 0U);
}

TEST(OrderPins, TheIndexReleasesEveryRecordAtItsEnd) {
  const std::int64_t live = Record::live();
  {
    Twin twin;
    put_all(twin, 500, "old");
    const Pin* pin = twin.index.pin();
    put_all(twin, 600, "new");
    twin.index.unpin(pin);
    twin.put("staged", "and never published");
    twin.put(numbered(5), "neither");
  }
  EXPECT_EQ(Record::live(), live);
}

TEST(OrderPins, ARecordMayHaveOtherOwners) {
  Record* record = new_record("k", "mine, too", 1);
  record->retain();
  {
    OrderedIndex index;
    ASSERT_TRUE(index.reserve(2));
    index.upsert(record);
    index.publish(1);
    index.erase("k");
    index.publish(2);
  }
  EXPECT_EQ(record->value(), "mine, too");
  record->release();
}

}  // namespace
}  // namespace flashkv::order
