// The answers of every word engine, one batch after the other, and the memory it keeps.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "tests/storage/engine/parts/word_engines.h"
#include "tests/support/engine_batch.h"

namespace flashkv::test {
namespace {

template <typename E>
class WordEngineTest : public ::testing::Test {};
TYPED_TEST_SUITE(WordEngineTest, WordEngines);

TYPED_TEST(WordEngineTest, ABatchOfLookupsAnswersAsOneByOneDoes) {
  for (const std::uint64_t mask : word_masks()) {
    const KeyHash hash{1, mask};
    TypeParam engine(word_options(hash));
    ASSERT_TRUE(engine.try_begin_batch(0));
    for (std::uint64_t i = 0; i < 120; i += 2) stage_put(engine, hash, named("key", i), "v", 1);
    engine.publish(1);
    auto reader = engine.make_reader();
    for (const std::size_t size : {0, 1, 2, 15, 16, 17, 32, 33, 120}) {
      std::vector<std::string> keys;
      for (std::size_t i = 0; i < size; ++i) keys.push_back(named("key", i * 7 % 120));
      std::vector<Probe> probes;
      for (const std::string& key : keys) probes.push_back({key, hash(key)});
      std::vector<const Record*> found(size, reinterpret_cast<const Record*>(8));
      auto guard = reader.enter();
      guard.find_batch(probes, found);
      for (std::size_t i = 0; i < size; ++i) {
        ASSERT_EQ(found[i], guard.find(probes[i])) << keys[i];
        ASSERT_EQ(found[i] != nullptr, i * 7 % 120 % 2 == 0) << keys[i];
      }
    }
  }
}

// Overwrites, removals and reinsertions of the same keys in one batch, against an ordinary map.
TYPED_TEST(WordEngineTest, RandomBatchesMatchAMap) {
  for (const std::uint64_t mask : word_masks()) {
    const std::int64_t records = Record::live();
    {
      const KeyHash hash{9, mask};
      const std::uint64_t range = mask == 0 ? 40 : 120;
      std::mt19937_64 random(mask);
      TypeParam engine(word_options(hash));
      std::map<std::string, std::string> model;
      auto reader = engine.make_reader();
      for (std::uint64_t batch = 1; batch <= 60; ++batch) {
        const std::uint64_t erases_in_ten = batch / 10 % 2 == 0 ? 2 : 8;
        ASSERT_TRUE(engine.try_begin_batch(0));
        for (std::uint64_t i = random() % (range / 2); i > 0; --i) {
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
        engine.publish(batch);
        auto guard = reader.enter();
        ASSERT_EQ(guard.revision(), batch);
        std::uint64_t bytes = 0;
        for (std::uint64_t k = 0; k < range; ++k) {
          const std::string key = named("key", k);
          const Probe probe{key, hash(key)};
          const Record* found = guard.find(probe);
          const auto at = model.find(key);
          ASSERT_EQ(found == nullptr ? "none" : found->value(), at == model.end() ? "none" : at->second)
              << key << " in batch " << batch << " under " << mask;
          ASSERT_EQ(engine.find(probe), found);
          if (found != nullptr) bytes += found->bytes();
        }
        ASSERT_EQ(engine.stats().keys, model.size());
        ASSERT_EQ(engine.stats().record_bytes, bytes);
      }
    }
    ASSERT_EQ(Record::live(), records);
  }
}

// A close in the middle of a batch frees what was staged, once.
TYPED_TEST(WordEngineTest, AnUnpublishedBatchIsFreedAtTheClose) {
  const std::int64_t records = Record::live();
  for (const std::uint64_t mask : word_masks()) {
    const KeyHash hash{5, mask};
    TypeParam engine(word_options(hash));
    for (std::uint64_t batch = 0; batch < 3; ++batch) {
      ASSERT_TRUE(engine.try_begin_batch(0));
      for (std::uint64_t i = batch; i < 30; ++i) stage_put(engine, hash, named("key", i), "v", 1);
      stage_erase(engine, hash, named("key", 7 + batch));
      if (batch < 2) engine.publish(batch + 1);
    }
  }
  EXPECT_EQ(Record::live(), records);
}

TYPED_TEST(WordEngineTest, WhatAGuardFoundStaysWhileItLives) {
  for (const std::uint64_t mask : word_masks()) {
    const KeyHash hash{5, mask};
    TypeParam engine(word_options(hash));
    const std::string large(10'000, 'x');
    ASSERT_TRUE(engine.try_begin_batch(0));
    for (const char* key : {"a", "b", "c"}) stage_put(engine, hash, key, large, 1);
    engine.publish(1);
    Pinned<TypeParam> pinned(engine);
    const Record* a = pinned.guard.find({"a", hash("a")});
    const Record* b = pinned.guard.find({"b", hash("b")});
    for (std::uint64_t batch = 2; batch < 60; ++batch) {
      ASSERT_TRUE(engine.try_begin_batch(0));
      stage_put(engine, hash, "a", named("new", batch), batch);
      stage_erase(engine, hash, batch % 2 == 0 ? "b" : "c");
      stage_put(engine, hash, batch % 2 == 0 ? "c" : "b", "y", batch);
      engine.publish(batch);
    }
    EXPECT_EQ(a->value(), large);
    EXPECT_EQ(b->value(), large);
    EXPECT_EQ(pinned.guard.find({"a", hash("a")})->value(), "new59");
    EXPECT_GE(engine.stats().retired_bytes, 2 * large.size());
  }
}

template <typename E>
class BoundedWordEngineTest : public ::testing::Test {};
TYPED_TEST_SUITE(BoundedWordEngineTest, BoundedWordEngines);

// Filled and emptied again and again: what the index keeps after the first rounds is all it ever keeps.
TYPED_TEST(BoundedWordEngineTest, MemoryReachesAPlateau) {
  for (const std::uint64_t mask : word_masks()) {
    const KeyHash hash{5, mask};
    const std::int64_t records = Record::live();
    TypeParam engine(word_options(hash));
    for (int round = 0; round < 4; ++round) {
      for (std::uint64_t cycle = 0; cycle < 150; ++cycle) {
        for (const bool erase : {false, true}) {
          ASSERT_TRUE(engine.try_begin_batch(0));
          for (std::uint64_t i = cycle; i < cycle + 12; ++i) {
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
      EXPECT_EQ(s.leaked_bytes, 0U);
      EXPECT_EQ(Record::live(), records);
      // Nodes of critnib's pool wait for kLife more removals; a radix tree keeps its root and a small pool.
      EXPECT_LE(s.index_bytes, std::uint64_t{critnib::kLife + 64} * sizeof(critnib::Node)) << round;
    }
  }
}

// Whatever was prepared and not used lapses, and is not made again and again.
TYPED_TEST(BoundedWordEngineTest, ReservationsLapseAtPublish) {
  for (const std::uint64_t mask : word_masks()) {
    const KeyHash hash{5, mask};
    TypeParam engine(word_options(hash));
    for (int batch = 0; batch < 20; ++batch) {
      ASSERT_TRUE(engine.try_begin_batch(0));
      for (std::uint64_t i = 0; i < 100; ++i) {
        const std::string key = named("key", i);
        const Probe probe{key, hash(key)};
        ASSERT_TRUE(engine.reserve({&probe, 1}));
        ASSERT_EQ(engine.find(probe), nullptr);
      }
      engine.publish(1);
      EXPECT_EQ(engine.stats().keys, 0U);
      EXPECT_LE(engine.stats().index_bytes, 200'000U);
    }
  }
}

TYPED_TEST(BoundedWordEngineTest, MoreRetiredThanAllowedDefersTheNextBatch) {
  const KeyHash hash{5};
  EngineOptions options = word_options(hash);
  options.limits.max_retired_bytes = 2'000;
  TypeParam engine(options);
  std::uint64_t revision = 0;
  {
    Pinned<TypeParam> pinned(engine);
    while (engine.try_begin_batch(0)) {
      ASSERT_LT(revision, 1'000U);
      stage_put(engine, hash, "key", std::string(100, 'x'), 1);
      engine.publish(++revision);
    }
    EXPECT_GT(revision, 10U);
    EXPECT_EQ(engine.stats().deferred_opens, 1U);
    EXPECT_GT(engine.stats().retired_bytes, 2'000U);
    EXPECT_FALSE(engine.try_begin_batch(0));
  }
  EXPECT_TRUE(engine.try_begin_batch(0));
  EXPECT_EQ(engine.stats().retired_bytes, 0U);
}

// All keys of a batch prepared first, then changed in any order, as WithOverlay does at publish().
TYPED_TEST(WordEngineTest, PromisesServeChangesInAnyOrder) {
  for (const std::uint64_t mask : word_masks()) {
    const KeyHash hash{11, mask};
    const std::uint64_t range = 60;
    std::vector<std::string> keys;
    for (std::uint64_t k = 0; k < range; ++k) keys.push_back(named("key", k));
    std::mt19937_64 random(mask + 1);
    TypeParam engine(word_options(hash));
    std::vector<bool> there(range, false);
    for (std::uint64_t batch = 1; batch <= 60; ++batch) {
      ASSERT_TRUE(engine.try_begin_batch(0));
      std::vector<std::uint64_t> changes(range);
      for (std::uint64_t k = 0; k < range; ++k) changes[k] = k;
      std::shuffle(changes.begin(), changes.end(), random);
      changes.resize(1 + random() % range);
      std::vector<Probe> probes;
      for (const std::uint64_t k : changes) probes.push_back({keys[k], hash(keys[k])});
      const std::size_t first = random() % probes.size();
      ASSERT_TRUE(engine.reserve(std::span(probes).first(first)));
      for (const Probe& p : std::span(probes).subspan(first)) ASSERT_TRUE(engine.reserve({&p, 1}));
      // Some of the promises lapse.
      std::shuffle(changes.begin(), changes.end(), random);
      changes.resize(changes.size() - random() % changes.size() / 4);
      for (const std::uint64_t k : changes) {
        const bool erase = random() % 10 < (batch % 20 < 10 ? 2U : 8U);
        if (erase) {
          engine.erase({keys[k], hash(keys[k])});
        } else {
          engine.upsert(Record::make(keys[k], "v", Record::Expiry::kNone).release(), hash(keys[k]));
        }
        there[k] = !erase;
      }
      engine.publish(batch);
      for (std::uint64_t k = 0; k < range; ++k) {
        ASSERT_EQ(engine.lookup({keys[k], hash(keys[k])}) != nullptr, there[k]) << keys[k] << " in " << batch;
      }
    }
  }
}

}  // namespace
}  // namespace flashkv::test
