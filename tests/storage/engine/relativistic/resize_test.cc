// Growing and shrinking: when, in how many steps, and what happens when memory is short or no period ends.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "storage/reclaim/epoch.h"
#include "tests/storage/engine/relativistic/watched_engine.h"
#include "tests/support/engine_batch.h"

namespace flashkv::test {
namespace {

const KeyHash kHash{17};
std::string key_of(std::uint64_t n) { return named("key", n); }

using Engine = Relativistic<reclaim::Epoch>;

class ResizeTest : public ::testing::Test {
 protected:
  void batch(std::uint64_t first, std::uint64_t last, bool erase = false) {
    ASSERT_TRUE(engine.try_begin_batch(0));
    for (std::uint64_t n = first; n < last; ++n) {
      if (erase) {
        stage_erase(engine, kHash, key_of(n));
      } else {
        stage_put(engine, kHash, key_of(n), std::to_string(n), revision + 1);
      }
    }
    engine.publish(++revision);
  }
  void rest() {
    for (int i = 0; engine.buckets().phase() != ResizingBuckets::Phase::kRest; ++i) {
      ASSERT_LT(i, 100'000);
      batch(0, 0);
    }
  }
  std::uint64_t size() { return engine.buckets().current().size(); }
  // How many links of the array that a resize works on one batch has changed.
  std::uint64_t changed_by_batch(std::uint64_t first, std::uint64_t last) {
    const chain::Buckets* array = engine.buckets().other();
    std::vector<const chain::Node*> before(array == nullptr ? 0 : array->size());
    for (std::size_t i = 0; i < before.size(); ++i) before[i] = array->link(i).load(sync::kRelaxed);
    batch(first, last);
    if (array == nullptr || engine.buckets().other() != array) return 0;
    std::uint64_t changed = 0;
    for (std::size_t i = 0; i < before.size(); ++i) {
      changed += array->link(i).load(sync::kRelaxed) != before[i] ? 1 : 0;
    }
    return changed;
  }
  void expect_keys(std::uint64_t first, std::uint64_t last) {
    for (std::uint64_t n = first; n < last; ++n) {
      const std::string key = key_of(n);
      const Record* record = engine.lookup({key, kHash(key)});
      ASSERT_NE(record, nullptr) << n;
      ASSERT_EQ(record->value(), std::to_string(n));
    }
  }

  Engine engine{EngineOptions{}, ResizingBuckets::Pace{.min_log2 = 4, .units = 64}};
  std::uint64_t revision = 0;
};

TEST_F(ResizeTest, ThereAreAsManyBucketsAsKeysAndNeverMuchMore) {
  for (std::uint64_t n = 0; n < 5'000; n += 10) {
    batch(n, n + 10);
    rest();
  }
  EXPECT_EQ(size(), 8'192U);
  expect_keys(0, 5'000);
  for (std::uint64_t n = 0; n < 4'990; n += 10) {
    batch(n, n + 10, true);
    rest();
    ASSERT_LE(size(), 16 * std::max<std::uint64_t>(5'000 - n, 16));
  }
  rest();
  for (int i = 0; i < 10; ++i) {
    const Probe none{"", 0};
    ASSERT_TRUE(engine.try_begin_batch(0));
    ASSERT_TRUE(engine.reserve({&none, 1}));
    engine.publish(++revision);
    rest();
  }
  EXPECT_EQ(size(), 64U) << "10 keys: more than an eighth of it";
  expect_keys(4'990, 5'000);
}

// What came during one resize is made up for by the next, however much it was.
TEST_F(ResizeTest, ManyKeysAtOnceAreOneResize) {
  batch(0, 3'000);
  EXPECT_NE(engine.buckets().phase(), ResizingBuckets::Phase::kRest);
  rest();
  EXPECT_EQ(size(), 4'096U);
  expect_keys(0, 3'000);
}

// 4096 buckets at 8 units each, twice 64 units a batch: the steps are spread over many batches.
TEST_F(ResizeTest, NoBatchDoesMoreThanItsShare) {
  for (std::uint64_t n = 0; n < 4'000; n += 500) {
    batch(n, n + 500);
    rest();
  }
  ASSERT_EQ(size(), 4'096U);
  batch(4'000, 4'097);
  int batches = 0;
  for (; size() == 4'096U; ++batches) batch(4'097, 4'098);
  EXPECT_GT(batches, 4'096 * 5 / 128);
  rest();
  EXPECT_EQ(size(), 8'192U);
  expect_keys(0, 4'098);
}

// A reader that stays: batches go on, memory waits, and the resize goes on when the reader leaves.
TEST_F(ResizeTest, AStuckReaderHoldsUpTheResizeButNoBatch) {
  {
    auto reader = engine.make_reader();
    auto guard = reader.enter();
    for (std::uint64_t n = 0; n < 1'000; n += 10) batch(n, n + 10);
    EXPECT_LE(size(), 32U);
    expect_keys(0, 1'000);
    batch(0, 500, true);
    EXPECT_GT(engine.stats().retired_bytes, 500U * 32);
  }
  for (int i = 0; i < 5; ++i) {
    batch(500, 510);
    rest();
  }
  ASSERT_TRUE(engine.try_begin_batch(0));
  EXPECT_EQ(engine.stats().retired_bytes, 0U);
  EXPECT_EQ(size(), 512U);
  expect_keys(500, 1'000);
}

// The same beside a reader that stays from before a growth until its new array is shown: each batch opens at
// once and does its share; then they go on without the resize, and when the reader has left each does its
// share again.
TEST_F(ResizeTest, NoBatchDoesMoreThanItsShareBesideAReaderThatStays) {
  for (std::uint64_t n = 0; n < 4'000; n += 500) {
    batch(n, n + 500);
    rest();
  }
  ASSERT_EQ(size(), 4'096U);
  constexpr std::uint64_t kKeys = 10;
  // 64 units before and after a batch, one more for each key, 8 for a chain; the last chain may cost more
  // than is left.
  constexpr std::uint64_t kChains = (2 * 64 + kKeys) / 8 + 2;
  std::uint64_t keys = 4'000;
  std::uint64_t filled = 0;
  {
    auto reader = engine.make_reader();
    auto guard = reader.enter();
    for (; keys < 8'000; keys += kKeys) {
      const std::uint64_t changed = changed_by_batch(keys, keys + kKeys);
      ASSERT_LE(changed, 2 * kChains + kKeys) << "two new buckets a chain, and one a new key";
      if (size() == 8'192U) {
        ASSERT_TRUE(engine.buckets().waits());
        ASSERT_EQ(changed, 0U) << "the reader may stand anywhere";
      }
      filled += changed;
    }
    EXPECT_GT(filled, 4'096U);
    EXPECT_EQ(size(), 8'192U);
    expect_keys(0, keys);
  }
  std::uint64_t unzipped = 0;
  for (int i = 0; engine.buckets().phase() != ResizingBuckets::Phase::kRest; ++i) {
    ASSERT_LT(i, 100'000);
    const std::uint64_t changed = changed_by_batch(0, kKeys);
    ASSERT_LE(changed, kChains);
    unzipped += changed;
  }
  EXPECT_GT(unzipped, 2'000U);
  expect_keys(0, keys);
}

// Erased during a resize: the node stays, the record does not, and both are counted until they go.
TEST(ResizeLimits, ErasedNodesAreCountedUntilTheResizeEnds) {
  WatchedEngine e(3);
  for (std::uint64_t i = 0; i < 9; ++i) e.put(key_of(i), i << 3 | i << 16);
  e.ask_for_resize();
  while (e.phase() != Phase::kUnzip) e.step();
  const std::uint64_t before = e.engine().stats().retired_bytes;
  e.erase(key_of(4));
  e.erase(key_of(5));
  EXPECT_GE(e.engine().buckets().retired_bytes(), 2 * sizeof(chain::Node));
  EXPECT_GT(e.engine().stats().retired_bytes, before);
  e.finish();
  EXPECT_EQ(e.engine().buckets().retired_bytes(), 0U);
  e.check_chains();
}

}  // namespace
}  // namespace flashkv::test
