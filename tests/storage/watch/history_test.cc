#include "storage/watch/history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/storage/watch/logged_map.h"
#include "tests/support/calls.h"

namespace flashkv::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::uint64_t kLarge = std::uint64_t{1} << 20;
constexpr std::uint64_t kSmall = std::uint64_t{64} << 10;

TEST(WatchHistory, EventsComeInOrderWithWhatTheyReplaced) {
  LoggedMap map(kLarge);
  HistoryReader reader(map.history);
  HistoryCursor at = reader.now();
  map.put("a", "1");
  map.put("b", "x");
  map.put("a", "2");
  map.erase("a");
  map.expire("b");
  map.publish();
  EXPECT_THAT(read_all(reader, at),
              ElementsAre("1 PUT a=1", "2 PUT b=x", "3 PUT a=2 (1)", "4 DELETE a (2)", "5 EXPIRE b (x)"));
  EXPECT_EQ(at.revision, 5U);
  EXPECT_THAT(read_all(reader, at), IsEmpty());
}

TEST(WatchHistory, NothingIsSeenBeforeItIsPublished) {
  LoggedMap map(kLarge);
  HistoryReader reader(map.history);
  HistoryCursor at = reader.now();
  map.put("a", "1");
  EXPECT_THAT(read_all(reader, at), IsEmpty());
  EXPECT_EQ(at.revision, 0U);
  EXPECT_EQ(map.history.published(), 0U);
  map.publish();
  EXPECT_THAT(read_all(reader, at), ElementsAre("1 PUT a=1"));
}

TEST(WatchHistory, ACursorInsideARevisionHasNotReadIt) {
  LoggedMap map(kLarge);
  HistoryReader reader(map.history);
  HistoryCursor at = reader.now();
  map.put("z", "0");
  map.transaction([&] {
    map.put("a", "1");
    map.put("b", "1");
  });
  map.publish();
  const auto take = [](const WatchEvent&) { return true; };
  EXPECT_EQ(reader.read(at, 2, take), ReadEnd::kStopped);
  EXPECT_EQ(at.revision, 1U) << "of revision 2 one event is still to come";
  HistoryCursor behind;
  ASSERT_TRUE(reader.seek(1, behind));
  EXPECT_EQ(reader.read(behind, 9, take, &at), ReadEnd::kReached);
  EXPECT_EQ(behind.revision, 1U) << "the other cursor is inside revision 2";
  EXPECT_TRUE(behind.has_reached(at));
  EXPECT_EQ(reader.read(at, 9, take), ReadEnd::kReached);
  EXPECT_EQ(at.revision, 2U);
}

TEST(WatchHistory, AnEventThatIsNotTakenComesAgain) {
  LoggedMap map(kLarge);
  HistoryReader reader(map.history);
  HistoryCursor at = reader.now();
  map.put("a", "1");
  map.publish();
  EXPECT_EQ(reader.read(at, 9, [](const WatchEvent&) { return false; }), ReadEnd::kStopped);
  EXPECT_EQ(at.revision, 0U);
  EXPECT_THAT(read_all(reader, at), ElementsAre("1 PUT a=1"));
}

TEST(WatchHistory, SeekFindsEveryRevision) {
  LoggedMap map(kLarge);
  HistoryReader reader(map.history);
  for (int i = 0; i < 1'000; ++i) map.put(numbered("k", static_cast<std::size_t>(i % 7)), std::to_string(i));
  map.publish();
  for (std::uint64_t revision = 1; revision <= 1'000; ++revision) {
    HistoryCursor at;
    ASSERT_TRUE(reader.seek(revision, at));
    EXPECT_EQ(at.revision, revision - 1);
    std::uint64_t first = 0;
    reader.read(at, 1, [&](const WatchEvent& e) { return (first = e.revision) != 0; });
    ASSERT_EQ(first, revision);
  }
  HistoryCursor ahead;
  ASSERT_TRUE(reader.seek(5'000, ahead));
  EXPECT_EQ(ahead.revision, 1'000U);
  EXPECT_THAT(read_all(reader, ahead), IsEmpty());
}

TEST(WatchHistory, BeyondItsBoundTheOldestGo) {
  LoggedMap map(kSmall);
  HistoryReader reader(map.history);
  HistoryCursor from_start = reader.now();
  for (int i = 0; i < 10'000; ++i) {
    map.put("key", std::string(100, 'v'));
    map.publish();
    ASSERT_LE(map.history.bytes(), 2 * kSmall) << "after " << i;
  }
  const std::uint64_t oldest = map.history.compact_revision();
  EXPECT_GT(oldest, 9'000U);
  EXPECT_LT(oldest, 10'000U);
  EXPECT_EQ(reader.read(from_start, 9, [](const WatchEvent&) { return true; }), ReadEnd::kCompacted);
  HistoryCursor at;
  EXPECT_FALSE(reader.seek(oldest - 1, at));
  ASSERT_TRUE(reader.seek(oldest, at));
  EXPECT_EQ(read_all(reader, at).size(), 10'000 - oldest + 1);
}

TEST(WatchHistory, ARevisionThatLostAnEventIsCompacted) {
  LoggedMap map(kSmall);
  // Across several chunks, of which the bound drops some.
  map.transaction([&] {
    for (int i = 0; i < 400; ++i) map.put(numbered("k", static_cast<std::size_t>(i)), std::string(100, 'v'));
  });
  map.publish();
  for (int i = 0; i < 360; ++i) map.put(numbered("k", static_cast<std::size_t>(i)), std::string(100, 'w'));
  map.publish();
  map.put("last", "1");
  map.publish();
  HistoryReader reader(map.history);
  EXPECT_GT(map.history.compact_revision(), 1U);
  HistoryCursor at;
  EXPECT_FALSE(reader.seek(1, at));
}

TEST(WatchHistory, TheLastBatchStaysWhateverItsSize) {
  LoggedMap map(kSmall);
  HistoryReader reader(map.history);
  HistoryCursor at = reader.now();
  for (int i = 0; i < 4'000; ++i) map.put("key", std::string(100, 'v'));
  map.publish();
  EXPECT_EQ(map.history.compact_revision(), 1U);
  map.publish();
  EXPECT_EQ(map.history.compact_revision(), 1U) << "a publish without changes";
  EXPECT_EQ(read_all(reader, at).size(), 4'000U);
}

TEST(WatchHistory, OnceIdleItKeepsToItsBound) {
  LoggedMap map(kSmall);
  HistoryReader reader(map.history);
  for (int i = 0; i < 4'000; ++i) map.put("key", std::string(100, 'v'));
  map.publish();
  HistoryCursor read_in_time = reader.now();
  HistoryCursor late;
  ASSERT_TRUE(reader.seek(4'000, late));
  unsigned calls = 1;
  while (map.history.collect()) ++calls;
  EXPECT_EQ(calls, WatchHistory::kIdleCollects);
  EXPECT_LE(map.history.bytes(), kSmall);
  map.put("next", "1");
  map.publish();
  EXPECT_THAT(read_all(reader, read_in_time), ElementsAre("4001 PUT next=1"));
}

// One chunk holds them all, so they can only go together.
TEST(WatchHistory, WhoHasReadWhatWasDroppedGoesOn) {
  LoggedMap map(kSmall);
  HistoryReader reader(map.history);
  HistoryCursor at = reader.now();
  HistoryCursor late = at;
  map.put("key", std::string(70'000, 'v'));
  map.put("key", "2");
  map.publish();
  EXPECT_EQ(read_all(reader, at).size(), 2U);
  while (map.history.collect()) {
  }
  EXPECT_EQ(map.history.events(), 0U);
  EXPECT_EQ(map.history.compact_revision(), 3U);
  // The next chunk may have the memory of the one it was in.
  for (const char* value : {"3", "4", "5", "6"}) map.put("key", value);
  map.publish();
  EXPECT_THAT(read_all(reader, at),
              ElementsAre("3 PUT key=3 (2)", "4 PUT key=4 (3)", "5 PUT key=5 (4)", "6 PUT key=6 (5)"));
  EXPECT_EQ(reader.read(late, 9, [](const WatchEvent&) { return true; }), ReadEnd::kCompacted);
}

TEST(WatchHistory, WhatAReaderIsInsideOfIsNotFreed) {
  LoggedMap map(kSmall);
  HistoryReader reader(map.history);
  HistoryCursor at = reader.now();
  map.put("key", "old");
  map.put("key", "new");
  map.publish();
  reader.read(at, 9, [&](const WatchEvent& e) {
    if (e.prev == nullptr) return true;
    for (int i = 0; i < 3'000 && map.history.has_room(); ++i) {
      map.put("key", std::string(100, 'v'));
      map.publish();
    }
    EXPECT_FALSE(map.history.has_room()) << "the writer goes on without a bound";
    EXPECT_EQ(words_of(e), "2 PUT key=new (old)");
    return true;
  });
  EXPECT_TRUE(map.history.has_room());
}

TEST(WatchHistory, OffItKeepsNothing) {
  LoggedMap map(0);
  HistoryReader reader(map.history);
  HistoryCursor at = reader.now();
  map.put("a", "1");
  map.put("a", "2");
  map.publish();
  EXPECT_FALSE(map.history.is_on());
  EXPECT_THAT(read_all(reader, at), IsEmpty());
  EXPECT_EQ(map.history.bytes(), 0U);
  EXPECT_FALSE(map.history.collect());
}

#ifndef NDEBUG
TEST(WatchHistory, OwnsNoRecordThatTheTableStillHas) {
  const std::int64_t before = Record::live();
  {
    LoggedMap map(kLarge);
    map.put("a", "1");
    map.put("a", "2");
    map.put("a", "3");
    map.publish();
    EXPECT_EQ(Record::live(), before + 3) << "two that were replaced, one in the table";
  }
  EXPECT_EQ(Record::live(), before);
}
#endif

}  // namespace
}  // namespace flashkv::test
