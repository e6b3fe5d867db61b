// The answers of all three engines, one batch after the other.
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>
#include <vector>

#include "tests/storage/engine/cuckoo/cuckoo_engines.h"
#include "tests/support/engine_batch.h"

namespace flashkv::test {
namespace {

template <typename E>
class CuckooEngineTest : public ::testing::Test {};
TYPED_TEST_SUITE(CuckooEngineTest, CuckooEngines);

TYPED_TEST(CuckooEngineTest, TellsApartKeysOfEveryShape) {
  for (const std::uint64_t mask : {~std::uint64_t{0}, std::uint64_t{0}}) {
    TypeParam engine(EngineOptions{});
    const KeyHash hash{42, mask};
    std::vector<std::string> keys{""};
    for (const std::size_t size : {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 64, 1000, 65'534}) {
      keys.emplace_back(size, 'a');
      keys.emplace_back(size, '\0');
      keys.push_back(std::string(size, 'a') + 'b');
    }
    ASSERT_TRUE(engine.try_begin_batch(0));
    for (const std::string& key : keys) stage_put(engine, hash, key, named("size ", key.size()), 1);
    engine.publish(1);
    for (const std::string& key : keys) {
      EXPECT_EQ(seen(engine, {key, hash(key)}), named("size ", key.size()));
    }
    EXPECT_EQ(engine.stats().keys, keys.size());
    EXPECT_EQ(engine.published(), 1U);
  }
}

// Overwrites, removals and reinsertions of the same keys in one batch, against an ordinary map: the staged
// state during the batch, what readers see after it, and what a guard from before still sees.
TYPED_TEST(CuckooEngineTest, RandomBatchesMatchAMap) {
  using Model = std::map<std::string, std::string>;
  for (const std::uint64_t mask :
       {~std::uint64_t{0}, std::uint64_t{0}, std::uint64_t{0x3}, std::uint64_t{0xff}}) {
    const std::int64_t records = Record::live();
    {
      const KeyHash hash{9, mask};
      const std::uint64_t range = mask == 0 ? 60 : 600;
      std::mt19937_64 random(mask);
      TypeParam engine(EngineOptions{});
      Model model;
      auto reader = engine.make_reader();
      for (std::uint64_t batch = 1; batch <= 120; ++batch) {
        const std::uint64_t erases_in_ten = batch / 20 % 2 == 0 ? 2 : 8;  // grow, shrink, and again
        ASSERT_TRUE(engine.try_begin_batch(0));
        const Model before = model;
        auto guard = reader.enter();
        for (std::uint64_t i = random() % (range / 4); i > 0; --i) {
          const std::string key = named("key", random() % range);
          if (random() % 10 < erases_in_ten) {
            stage_erase(engine, hash, key);
            model.erase(key);
          } else {
            const std::string value = named("v", random());
            stage_put(engine, hash, key, value, batch);
            model[key] = value;
          }
        }
        const auto expect = [&](const Record* found, const Model& m, const std::string& key) {
          const auto at = m.find(key);
          ASSERT_EQ(found == nullptr ? "none" : found->value(), at == m.end() ? "none" : at->second)
              << key << " in batch " << batch;
        };
        const auto probe_of = [&](const std::string& key) { return Probe{key, hash(key)}; };
        for (std::uint64_t k = 0; k < range; ++k) {
          const std::string key = named("key", k);
          expect(engine.find(probe_of(key)), model, key);
        }
        engine.publish(batch);
        std::uint64_t bytes = 0;
        auto after = reader.enter();
        EXPECT_EQ(guard.revision(), batch - 1);
        EXPECT_EQ(after.revision(), batch);
        for (std::uint64_t k = 0; k < range; ++k) {
          const std::string key = named("key", k);
          expect(guard.find(probe_of(key)), before, key);
          const Record* found = after.find(probe_of(key));
          expect(found, model, key);
          if (found != nullptr) bytes += found->bytes();
        }
        if (this->HasFatalFailure()) return;
        ASSERT_EQ(engine.stats().keys, model.size());
        ASSERT_EQ(engine.stats().record_bytes, bytes);
      }
    }
    ASSERT_EQ(Record::live(), records);
  }
}

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

template <typename E>
class FreeingCuckooTest : public ::testing::Test {};
TYPED_TEST_SUITE(FreeingCuckooTest, FreeingCuckooEngines);

TYPED_TEST(FreeingCuckooTest, MemoryReachesAPlateau) {
  TypeParam engine(EngineOptions{});
  const KeyHash hash{5};
  const std::int64_t records = Record::live();
  for (int round = 0; round < 2; ++round) {
    for (int cycle = 0; cycle < 1000; ++cycle) {
      for (const bool erase : {false, true}) {
        ASSERT_TRUE(engine.try_begin_batch(0));
        for (std::uint64_t i = 0; i < 40; ++i) {
          if (erase) {
            stage_erase(engine, hash, named("key", i));
          } else {
            stage_put(engine, hash, named("key", i), "value", 1);
          }
        }
        engine.publish(1);
      }
    }
    ASSERT_TRUE(engine.try_begin_batch(0));
    engine.publish(2);
    const EngineStats s = engine.stats();
    EXPECT_EQ(s.keys, 0U);
    EXPECT_EQ(s.record_bytes, 0U);
    EXPECT_EQ(s.retired_bytes, 0U);
    EXPECT_LE(s.index_bytes, 16'000U);
    EXPECT_EQ(Record::live(), records);
  }
}

// Whatever was prepared and not used lapses, and is not made again and again.
TYPED_TEST(FreeingCuckooTest, ReservationsLapseAtPublish) {
  TypeParam engine(EngineOptions{});
  const KeyHash hash{5};
  std::uint64_t bytes = 0;
  for (int batch = 0; batch < 50; ++batch) {
    ASSERT_TRUE(engine.try_begin_batch(0));
    for (std::uint64_t i = 0; i < 3000; ++i) {
      const std::string key = named("key", i);
      const Probe probe{key, hash(key)};
      ASSERT_TRUE(engine.reserve({&probe, 1}));
      EXPECT_EQ(engine.find(probe), nullptr);
    }
    engine.publish(1);
    if (batch == 2) bytes = engine.stats().index_bytes;
  }
  EXPECT_EQ(engine.stats().keys, 0U);
  EXPECT_LE(engine.stats().index_bytes, bytes + bytes / 4);
  EXPECT_LE(bytes, 1'000'000U);
}

}  // namespace
}  // namespace flashkv::test
