// The engine with its guards: what readers see across publishes, and when memory goes.
#include "storage/engine/flashmap/flashmap.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "tests/support/engine_batch.h"

namespace flashkv {
namespace {

template <typename Map>
class FlashmapTest : public ::testing::Test {
 protected:
  const KeyHash hash_{5};
  Map map_{hash_};

  Probe probe(std::string_view key) const { return {key, hash_(key)}; }
  void publish_one(std::string_view key, std::string_view value, std::uint64_t revision) {
    ASSERT_TRUE(map_.try_begin_batch(kNever));
    stage_put(map_, hash_, key, value, revision);
    map_.publish(revision);
  }
};

using Maps = ::testing::Types<AsymmetricFlashmap, RefcountFlashmap>;
TYPED_TEST_SUITE(FlashmapTest, Maps);

TYPED_TEST(FlashmapTest, AWriterReadsItsOwnWritesAndReadersDoNotUntilPublish) {
  auto reader = this->map_.make_reader();
  ASSERT_TRUE(this->map_.try_begin_batch(0));
  stage_put(this->map_, this->hash_, "key", "value", 1);
  ASSERT_NE(this->map_.find(this->probe("key")), nullptr);
  {
    auto guard = reader.enter();
    EXPECT_EQ(guard.find(this->probe("key")), nullptr);
    EXPECT_EQ(guard.revision(), 0U);
  }
  EXPECT_EQ(this->map_.published(), 0U);
  this->map_.publish(1);
  EXPECT_EQ(this->map_.published(), 1U);
  auto guard = reader.enter();
  EXPECT_EQ(guard.revision(), 1U);
  ASSERT_NE(guard.find(this->probe("key")), nullptr);
  EXPECT_EQ(guard.find(this->probe("key"))->value(), "value");
}

TYPED_TEST(FlashmapTest, AGuardOpenedBeforePublishKeepsItsViewAndItsRecords) {
  auto reader = this->map_.make_reader();
  auto later_reader = this->map_.make_reader();
  this->publish_one("key", "old", 1);
  ASSERT_TRUE(this->map_.try_begin_batch(0));
  {
    auto guard = reader.enter();
    const Record* old = guard.find(this->probe("key"));
    ASSERT_NE(old, nullptr);
    stage_put(this->map_, this->hash_, "key", "new", 2);
    stage_put(this->map_, this->hash_, "other", "new", 2);
    this->map_.publish(2);

    EXPECT_EQ(guard.revision(), 1U);
    EXPECT_EQ(guard.find(this->probe("key")), old);
    EXPECT_EQ(guard.find(this->probe("other")), nullptr);
    EXPECT_EQ(old->value(), "old");
    auto later = later_reader.enter();
    EXPECT_EQ(later.revision(), 2U);
    EXPECT_EQ(later.find(this->probe("key"))->value(), "new");

    EXPECT_FALSE(this->map_.try_begin_batch(0)) << "a reader is still in the half that would change";
    EXPECT_FALSE(this->map_.try_begin_batch(kNanosPerMilli));
    EXPECT_EQ(this->map_.stats().deferred_opens, 2U);
    EXPECT_GT(this->map_.stats().retired_bytes, 0U);
    EXPECT_EQ(old->value(), "old");
  }
  ASSERT_TRUE(this->map_.try_begin_batch(kNever));
  EXPECT_EQ(this->map_.stats().retired_bytes, 0U);
}

TYPED_TEST(FlashmapTest, AnIdleReplayFreesWhatTheLastBatchReplaced) {
  const std::int64_t before = Record::live();
  this->publish_one("key", "old", 1);
  this->publish_one("key", "new", 2);
  EXPECT_GT(this->map_.stats().retired_bytes, 0U);
  ASSERT_TRUE(this->map_.try_begin_batch(0));
  EXPECT_EQ(this->map_.stats().retired_bytes, 0U);
  if (Record::live() != 0) {
    EXPECT_EQ(Record::live() - before, 1);
  }
}

TYPED_TEST(FlashmapTest, AnEmptyBatchMovesTheRevisionAndNothingElse) {
  auto reader = this->map_.make_reader();
  this->publish_one("key", "value", 1);
  for (std::uint64_t revision = 2; revision < 6; ++revision) {
    ASSERT_TRUE(this->map_.try_begin_batch(0));
    this->map_.publish(revision);
    auto guard = reader.enter();
    EXPECT_EQ(guard.revision(), revision);
    EXPECT_EQ(guard.find(this->probe("key"))->value(), "value");
  }
}

TYPED_TEST(FlashmapTest, ABatchOfProbesIsAnsweredFromOneState) {
  auto reader = this->map_.make_reader();
  this->publish_one("a", "1", 1);
  this->publish_one("b", "2", 2);
  auto guard = reader.enter();
  const Probe probes[] = {this->probe("b"), this->probe("missing"), this->probe("a")};
  const Record* found[3];
  guard.find_batch(probes, found);
  EXPECT_EQ(found[0]->value(), "2");
  EXPECT_EQ(found[1], nullptr);
  EXPECT_EQ(found[2]->value(), "1");
}

TYPED_TEST(FlashmapTest, TeardownFreesEverythingWhereverItIs) {
  const std::int64_t before = Record::live();
  for (int stop_at = 0; stop_at < 5; ++stop_at) {
    TypeParam map{this->hash_};
    if (stop_at == 0) continue;
    ASSERT_TRUE(map.try_begin_batch(0));
    for (int i = 0; i < 3'000; ++i) stage_put(map, this->hash_, std::to_string(i), "old", 1);
    if (stop_at == 1) continue;
    map.publish(1);
    if (stop_at == 2) continue;
    ASSERT_TRUE(map.try_begin_batch(0));
    for (int i = 0; i < 6'000; i += 2) stage_put(map, this->hash_, std::to_string(i), "new", 2);
    for (int i = 0; i < 1'000; ++i) stage_erase(map, this->hash_, std::to_string(i));
    if (stop_at == 3) continue;
    map.publish(2);
  }
  EXPECT_EQ(Record::live(), before);
}

TYPED_TEST(FlashmapTest, ARecordHasOneOwnerHoweverManyHalvesNameIt) {
  ASSERT_TRUE(this->map_.try_begin_batch(0));
  stage_put(this->map_, this->hash_, "key", "value", 1);
  Record* record = this->map_.find(this->probe("key"));
  record->retain();  // as history would
  this->map_.publish(1);
  ASSERT_TRUE(this->map_.try_begin_batch(0));
  stage_erase(this->map_, this->hash_, "key");
  this->map_.publish(2);
  ASSERT_TRUE(this->map_.try_begin_batch(0));
  EXPECT_EQ(record->value(), "value");
  record->release();
}

TYPED_TEST(FlashmapTest, PublishingWithoutOpeningEndsTheProcess) {
  EXPECT_DEATH(this->map_.publish(1), "without try_begin_batch");
}

}  // namespace
}  // namespace flashkv
