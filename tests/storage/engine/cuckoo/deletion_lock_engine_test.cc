// The memory that long-lived readers make cuckoo-deletion-lock keep.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/storage/engine/cuckoo/cuckoo_engines.h"
#include "tests/support/engine_fixture.h"

namespace flashkv::test {
namespace {

class DeletionLockEngineTest : public EngineFixture<CuckooDeletionLock> {
 protected:
  using Pin = Pinned<CuckooDeletionLock>;
};

// However many batches go by, the reader holds one table; and the records, because it may find any of them.
TEST_F(DeletionLockEngineTest, AReaderThatStaysKeepsOneTableAndTheRecordsSince) {
  CuckooDeletionLock engine(EngineOptions{});
  const std::string large(10'000, 'x');
  ASSERT_TRUE(try_put(engine, "a", large));
  const std::uint64_t table = engine.staged().bytes();
  auto pinned = std::make_unique<Pin>(engine);
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(try_put(engine, "a", named("v", static_cast<std::uint64_t>(i))));
  ASSERT_TRUE(engine.try_begin_batch(0));
  EXPECT_EQ(pinned->guard.find(probe("a"))->value(), large);
  EXPECT_EQ(engine.access().retired_bytes(), table);
  EXPECT_GT(engine.stats().retired_bytes, table + large.size() + 99 * 32);
  pinned.reset();
  engine.publish(revision);
  ASSERT_TRUE(engine.try_begin_batch(0));
  EXPECT_EQ(engine.stats().retired_bytes, 0U);
}

// A record may be found in every table from the one it came with to the last before it was replaced.
TEST_F(DeletionLockEngineTest, ARecordStaysAsLongAsAnyTableItStandsInIsHeld) {
  CuckooDeletionLock engine(EngineOptions{});
  ASSERT_TRUE(try_put(engine, "a", "first"));
  auto oldest = std::make_unique<Pin>(engine);
  ASSERT_TRUE(try_put(engine, "b", "1"));
  auto middle = std::make_unique<Pin>(engine);
  ASSERT_TRUE(try_put(engine, "a", "second"));
  ASSERT_TRUE(try_put(engine, "c", "1"));
  middle.reset();
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(try_put(engine, "b", "2"));
  EXPECT_EQ(oldest->guard.find(probe("a"))->value(), "first");
  EXPECT_EQ(oldest->guard.find(probe("b")), nullptr);
  oldest.reset();
  ASSERT_TRUE(engine.try_begin_batch(0));
  EXPECT_EQ(engine.stats().retired_bytes, 0U);
}

TEST_F(DeletionLockEngineTest, WithAReaderInEverySlotTheNextBatchIsPutOff) {
  CuckooDeletionLock engine(EngineOptions{});
  std::vector<std::unique_ptr<Pin>> pinned;
  while (try_put(engine, "a", named("v", pinned.size()))) {
    pinned.push_back(std::make_unique<Pin>(engine));
    ASSERT_LE(pinned.size(), 16U);
  }
  EXPECT_EQ(pinned.size(), 16U);
  EXPECT_EQ(engine.stats().deferred_opens, 1U);
  for (std::size_t i = 0; i < pinned.size(); ++i) {
    EXPECT_EQ(pinned[i]->guard.find(probe("a"))->value(), named("v", i));
  }
  pinned.erase(pinned.begin() + 7);
  EXPECT_TRUE(try_put(engine, "a", "again"));
  EXPECT_FALSE(try_put(engine, "a", "and again"));
  pinned.clear();
  EXPECT_TRUE(try_put(engine, "a", "and again"));
  ASSERT_TRUE(engine.try_begin_batch(0));
  EXPECT_EQ(engine.stats().retired_bytes, 0U);
}

TEST_F(DeletionLockEngineTest, AboveTheCapBatchesArePutOffUntilReadersLeave) {
  EngineOptions options;
  options.limits.max_retired_bytes = 5000;
  CuckooDeletionLock engine(options);
  ASSERT_TRUE(try_put(engine, "a", "1"));
  auto pinned = std::make_unique<Pin>(engine);
  int batches = 0;
  while (try_put(engine, "a", std::string(1000, 'x'))) ASSERT_LE(++batches, 10);
  EXPECT_GE(batches, 5);
  EXPECT_GT(engine.stats().retired_bytes, options.limits.max_retired_bytes);
  EXPECT_EQ(pinned->guard.find(probe("a"))->value(), "1");
  EXPECT_FALSE(engine.try_begin_batch(1000));
  pinned.reset();
  EXPECT_TRUE(try_put(engine, "a", "2"));
}

}  // namespace
}  // namespace flashkv::test
