// The answers of both chained engines, one batch after the other.
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>
#include <type_traits>
#include <vector>

#include "tests/storage/engine/chain/small_engines.h"
#include "tests/support/engine_batch.h"

namespace flashkv::test {
namespace {

std::string numbered(std::string text, std::uint64_t n) {
  text += std::to_string(n);
  return text;
}

template <typename E>
class ChainedEngineTest : public ::testing::Test {
 protected:
  void open() { ASSERT_TRUE(engine.try_begin_batch(0)); }
  void publish() { engine.publish(++revision); }
  std::string seen(const KeyHash& hash, std::string_view key) {
    auto reader = engine.make_reader();
    auto guard = reader.enter();
    const Record* record = guard.find({key, hash(key)});
    return record == nullptr ? "none" : std::string(record->value());
  }

  E engine;
  std::uint64_t revision = 0;
};
TYPED_TEST_SUITE(ChainedEngineTest, SmallEngines);

TYPED_TEST(ChainedEngineTest, SaysWhatAReadSectionCosts) {
  using Periods = std::remove_cvref_t<decltype(this->engine.periods())>;
  constexpr bool kPlain = !std::is_same_v<Periods, reclaim::Epoch>;
  EXPECT_EQ(TypeParam::traits().read_rmw, kPlain ? ReadRmw::kNone : ReadRmw::kOne);
}

TYPED_TEST(ChainedEngineTest, TellsApartKeysOfEveryShape) {
  const KeyHash hash{42};
  std::vector<std::string> keys{""};
  for (const std::size_t size : {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 64, 1000, 65'535}) {
    keys.emplace_back(size, 'a');
    keys.emplace_back(size, '\0');
    keys.push_back(std::string(size, 'a') + 'b');
  }
  keys.pop_back();  // one byte too long
  this->open();
  for (const std::string& key : keys) {
    stage_put(this->engine, hash, key, numbered("size ", key.size()), 1);
  }
  this->publish();
  for (const std::string& key : keys) EXPECT_EQ(this->seen(hash, key), numbered("size ", key.size()));
  EXPECT_EQ(this->engine.stats().keys, keys.size());
  EXPECT_EQ(this->engine.published(), 1U);
}

// Overwrites, removals and reinsertions of the same keys in one batch, against an ordinary map.
TYPED_TEST(ChainedEngineTest, RandomBatchesMatchAMap) {
  for (const std::uint64_t mask :
       {~std::uint64_t{0}, std::uint64_t{0}, std::uint64_t{0x3}, std::uint64_t{0xff}}) {
    const std::int64_t records = Record::live();
    {
      const KeyHash hash{9, mask};
      const std::uint64_t range = mask == 0 ? 60 : 600;
      std::mt19937_64 random(mask);
      TypeParam fresh;
      std::map<std::string, std::string> model;
      for (std::uint64_t batch = 1; batch <= 120; ++batch) {
        const std::uint64_t erases_in_ten = batch / 20 % 2 == 0 ? 2 : 8;  // grow, shrink, and again
        ASSERT_TRUE(fresh.try_begin_batch(0));
        for (std::uint64_t i = random() % (range / 4); i > 0; --i) {
          const std::string key = numbered("key", random() % range);
          if (random() % 10 < erases_in_ten) {
            stage_erase(fresh, hash, key);
            model.erase(key);
          } else {
            const std::string value = numbered("v", random());
            stage_put(fresh, hash, key, value, batch);
            model[key] = value;
          }
        }
        fresh.publish(batch);
        std::uint64_t bytes = 0;
        for (std::uint64_t k = 0; k < range; ++k) {
          const std::string key = numbered("key", k);
          const Record* found = fresh.lookup({key, hash(key)});
          const auto expected = model.find(key);
          ASSERT_EQ(found != nullptr, expected != model.end()) << key << " in batch " << batch;
          if (found == nullptr) continue;
          ASSERT_EQ(found->value(), expected->second);
          bytes += found->bytes();
        }
        ASSERT_EQ(fresh.stats().keys, model.size());
        ASSERT_EQ(fresh.stats().record_bytes, bytes);
      }
    }
    ASSERT_EQ(Record::live(), records);
  }
}

// After any number of cycles nothing is left once readers and periods let go.
TYPED_TEST(ChainedEngineTest, MemoryReachesAPlateau) {
  const KeyHash hash{5};
  for (int round = 0; round < 2; ++round) {
    for (int cycle = 0; cycle < 500; ++cycle) {
      for (const bool erase : {false, true}) {
        this->open();
        for (std::uint64_t i = 0; i < 40; ++i) {
          if (erase) {
            stage_erase(this->engine, hash, numbered("key", i));
          } else {
            stage_put(this->engine, hash, numbered("key", i), "value", 1);
          }
        }
        this->publish();
      }
    }
    for (int looks = 0; this->engine.stats().retired_bytes != 0; ++looks) {
      ASSERT_LT(looks, 100'000'000);
      this->open();
      this->publish();
    }
    EXPECT_EQ(this->engine.stats().keys, 0U);
    EXPECT_EQ(this->engine.stats().record_bytes, 0U);
    EXPECT_LE(this->engine.stats().index_bytes, 64'000U);
  }
}

TYPED_TEST(ChainedEngineTest, WhatAGuardFoundStaysWhileItLives) {
  const KeyHash hash{5};
  const std::string large(10'000, 'x');
  this->open();
  stage_put(this->engine, hash, "a", large, 1);
  stage_put(this->engine, hash, "b", large, 1);
  this->publish();
  {
    auto reader = this->engine.make_reader();
    auto guard = reader.enter();
    const Record* a = guard.find({"a", hash("a")});
    const Record* b = guard.find({"b", hash("b")});
    for (int batch = 0; batch < 100; ++batch) {
      this->open();
      stage_put(this->engine, hash, "a", numbered("new", static_cast<std::uint64_t>(batch)), 2);
      stage_erase(this->engine, hash, "b");
      this->publish();
    }
    EXPECT_EQ(a->value(), large);
    EXPECT_EQ(b->value(), large);
    EXPECT_EQ(guard.find({"a", hash("a")})->value(), "new99");
    EXPECT_EQ(guard.find({"b", hash("b")}), nullptr);
    EXPECT_GE(this->engine.stats().retired_bytes, 2 * large.size());
  }
}

// Whatever was prepared and not used lapses, and is not made again and again.
TYPED_TEST(ChainedEngineTest, ReservationsLapseAtPublish) {
  const KeyHash hash{5};
  std::uint64_t bytes = 0;
  for (int batch = 0; batch < 50; ++batch) {
    this->open();
    for (std::uint64_t i = 0; i < 10'000; ++i) {
      const std::string key = numbered("key", i);
      const Probe probe{key, hash(key)};
      ASSERT_TRUE(this->engine.reserve({&probe, 1}));
    }
    this->publish();
    if (batch == 0) bytes = this->engine.stats().index_bytes;
  }
  EXPECT_EQ(this->engine.stats().index_bytes, bytes);
  EXPECT_LE(bytes, 300'000U);
}

}  // namespace
}  // namespace flashkv::test
