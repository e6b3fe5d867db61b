#include <gtest/gtest.h>

#include <string>

#include "tests/storage/engine/flashmap/table_view.h"

namespace flashkv::flashmap {
namespace {

const KeyHash kHash{11};

std::string key_of(std::uint64_t n) { return "key" + std::to_string(n); }

void publish_and_replay(TwinTable& table, std::uint64_t revision) {
  publish(table, revision);
  table.replay();
}

class Replay : public ::testing::Test {
 protected:
  void SetUp() override {
    for (std::uint64_t n = 0; n < 50'000; ++n) put(table_, kHash, key_of(n), "old");
    publish_and_replay(table_, 1);
  }
  TwinTable table_{kHash};
};

TEST_F(Replay, AKeyWrittenAThousandTimesIsCopiedOnce) {
  const std::uint64_t before = table_.replayed_buckets();
  for (int i = 0; i < 1'000; ++i) put(table_, kHash, key_of(7), std::to_string(i));
  publish_and_replay(table_, 2);
  EXPECT_EQ(table_.replayed_buckets() - before, 1U);
  EXPECT_EQ(table_.find({key_of(7), kHash(key_of(7))})->value(), "999");
  expect_level(table_);
}

TEST_F(Replay, CopiesWhatABatchTouchedAndNoMore) {
  const std::uint64_t before = table_.replayed_buckets();
  const std::uint64_t segments_before = table_.replayed_segments();
  for (std::uint64_t n = 0; n < 100; ++n) put(table_, kHash, key_of(n * 37), "new");
  publish_and_replay(table_, 2);
  EXPECT_LE(table_.replayed_buckets() - before, 100U);
  EXPECT_GE(table_.replayed_buckets() - before, 90U);
  EXPECT_EQ(table_.replayed_segments(), segments_before);
  expect_level(table_);
}

TEST_F(Replay, AnEmptyBatchCopiesNothing) {
  const std::uint64_t before = table_.replayed_buckets();
  publish_and_replay(table_, 2);
  EXPECT_EQ(table_.replayed_buckets(), before);
  EXPECT_EQ(table_.half(0).revision, 2U);
  EXPECT_EQ(table_.half(1).revision, 2U);
}

TEST_F(Replay, ASecondReplayDoesNothing) {
  put(table_, kHash, key_of(7), "staged");
  table_.replay();
  EXPECT_EQ(table_.find({key_of(7), kHash(key_of(7))})->value(), "staged");
  EXPECT_EQ(table_.half(1 - table_.staged()).find({key_of(7), kHash(key_of(7))})->value(), "old");
}

// The published half is untouched memory until the swap, also where the staged one splits and enlarges.
TEST_F(Replay, ThePublishedHalfKeepsItsBytesWhileTheStagedOneGrows) {
  const unsigned reading = 1 - table_.staged();
  const Half before = table_.half(reading);
  const Content content = content_of(table_, reading, kHash);
  for (std::uint64_t n = 50'000; n < 120'000; ++n) put(table_, kHash, key_of(n), "new");
  EXPECT_EQ(table_.half(reading).directory, before.directory);
  EXPECT_EQ(table_.half(reading).shift, before.shift);
  EXPECT_EQ(table_.half(reading).revision, before.revision);
  EXPECT_EQ(content_of(table_, reading, kHash), content);
  EXPECT_EQ(table_.stats().keys, 120'000U);
  publish_and_replay(table_, 2);
  expect_level(table_);
  EXPECT_EQ(content_of(table_, 0, kHash).size(), 120'000U);
}

TEST_F(Replay, ReplacedAndErasedRecordsLiveUntilIt) {
  const unsigned reading = 1 - table_.staged();
  const Record* replaced = table_.half(reading).find({key_of(1), kHash(key_of(1))});
  const Record* erased = table_.half(reading).find({key_of(2), kHash(key_of(2))});
  put(table_, kHash, key_of(1), "new");
  remove(table_, kHash, key_of(2));
  put(table_, kHash, "passing", "by");
  remove(table_, kHash, "passing");
  EXPECT_GT(table_.stats().retired_bytes, 0U);
  publish(table_, 2);
  EXPECT_EQ(replaced->value(), "old");
  EXPECT_EQ(erased->value(), "old");
  EXPECT_GT(table_.stats().retired_bytes, 0U);
  const std::int64_t live = Record::live();
  table_.replay();
  EXPECT_EQ(table_.stats().retired_bytes, 0U);
  if (live != 0) {
    EXPECT_EQ(Record::live(), live - 3);
  }
}

TEST_F(Replay, StatsFollowTheStagedState) {
  const EngineStats before = table_.stats();
  EXPECT_EQ(before.keys, 50'000U);
  remove(table_, kHash, key_of(10));
  remove(table_, kHash, "not there");
  EXPECT_EQ(table_.stats().keys, 49'999U);
  const std::size_t bytes = Record::bytes_for(key_of(10).size(), 3, Record::Expiry::kNone);
  EXPECT_EQ(table_.stats().record_bytes, before.record_bytes - bytes);
  EXPECT_EQ(table_.stats().retired_bytes, bytes);
}

// Growth and shrinkage in between leave no memory behind: an emptied table costs its index and nothing else.
TEST_F(Replay, AnEmptiedTableOwnsNoRecord) {
  for (std::uint64_t n = 0; n < 50'000; ++n) remove(table_, kHash, key_of(n));
  publish_and_replay(table_, 2);
  EXPECT_EQ(table_.stats().keys, 0U);
  EXPECT_EQ(table_.stats().record_bytes, 0U);
  EXPECT_EQ(table_.stats().retired_bytes, 0U);
  EXPECT_TRUE(content_of(table_, 0, kHash).empty());
  for (const Segment* s : table_.directory()) {
    for (std::uint64_t b = 0; b < s->size(); ++b) ASSERT_EQ(s->buckets[0][b].overflow(), 0) << b;
  }
}

}  // namespace
}  // namespace flashkv::flashmap
