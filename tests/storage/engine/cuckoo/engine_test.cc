// What all three engines have of their own: a table that follows its keys, and batches without changes.
#include <gtest/gtest.h>

#include <string>

#include "tests/storage/engine/cuckoo/cuckoo_engines.h"
#include "tests/support/engine_batch.h"

namespace flashkv::test {
namespace {

template <typename E>
class CuckooEngineTest : public ::testing::Test {};
TYPED_TEST_SUITE(CuckooEngineTest, CuckooEngines);

TYPED_TEST(CuckooEngineTest, APublishWithoutChangesStillNamesItsRevision) {
  TypeParam engine(EngineOptions{});
  const KeyHash hash{5};
  ASSERT_TRUE(engine.try_begin_batch(0));
  stage_put(engine, hash, "a", "1", 1);
  engine.publish(1);
  ASSERT_TRUE(engine.try_begin_batch(0));
  const Probe absent{"absent", hash("absent")};
  const Probe a{"a", hash("a")};
  auto reader = engine.make_reader();
  auto guard = reader.enter();
  ASSERT_TRUE(engine.reserve({&absent, 1}));
  ASSERT_TRUE(engine.reserve({&a, 1}));
  engine.erase(absent);
  engine.publish(7);
  EXPECT_EQ(engine.published(), 7U);
  EXPECT_EQ(guard.revision(), 1U);
  EXPECT_EQ(reader.enter().revision(), 7U);
  EXPECT_EQ(seen(engine, a), "1");
  ASSERT_TRUE(engine.try_begin_batch(0)) << "nobody has to leave first";
  stage_put(engine, hash, "a", "2", 8);
  engine.publish(8);
  EXPECT_EQ(guard.find(a)->value(), "1");
  EXPECT_EQ(seen(engine, a), "2");
}

// Up to many keys and down to few: the table follows both ways, and nothing is lost on the way.
TYPED_TEST(CuckooEngineTest, TheTableGrowsAndShrinks) {
  TypeParam engine(EngineOptions{});
  const KeyHash hash{5};
  constexpr std::uint64_t kMost = 20'000;
  std::uint64_t revision = 0;
  const auto batches = [&](bool erase) {
    for (std::uint64_t first = 10; first < kMost; first += 1999) {
      ASSERT_TRUE(engine.try_begin_batch(0));
      for (std::uint64_t i = first; i < std::min(first + 1999, kMost); ++i) {
        if (erase) {
          stage_erase(engine, hash, named("key", i));
        } else {
          stage_put(engine, hash, named("key", i), "v", 1);
        }
      }
      engine.publish(++revision);
    }
  };
  ASSERT_TRUE(engine.try_begin_batch(0));
  for (std::uint64_t i = 0; i < 10; ++i) stage_put(engine, hash, named("key", i), "v", 1);
  engine.publish(++revision);
  batches(false);
  const unsigned largest = engine.staged().log2();
  EXPECT_EQ(largest, 13U) << "four slots a bucket, seven of eight used";
  batches(true);
  for (int i = 0; i < 12; ++i) {
    ASSERT_TRUE(engine.try_begin_batch(0));
    stage_put(engine, hash, "key0", "v", 1);
    engine.publish(++revision);
  }
  EXPECT_EQ(engine.staged().log2(), 4U) << "64 slots for ten keys";
  for (std::uint64_t i = 0; i < 10; ++i) {
    const std::string key = named("key", i);
    EXPECT_EQ(seen(engine, {key, hash(key)}), "v");
  }
  EXPECT_EQ(engine.stats().keys, 10U);
}

}  // namespace
}  // namespace flashkv::test
