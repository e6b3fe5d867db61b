// The answers of both engines, one batch after the other.
#include <map>
#include <random>

#include "tests/storage/engine/perfect_hash/perfect_hash_engines.h"

namespace flashkv::test {
namespace {

template <typename E>
class PerfectHashEngine : public PerfectHashTest<E> {};
TYPED_TEST_SUITE(PerfectHashEngine, PerfectHashEngines);

TYPED_TEST(PerfectHashEngine, TellsApartKeysOfEveryShape) {
  for (const std::uint64_t mask : {~std::uint64_t{0}, std::uint64_t{0}}) {
    const KeyHash narrow{42, mask};
    TypeParam engine(this->with(narrow));
    std::vector<std::string> keys{""};
    for (const std::size_t size : {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 64, 1000, 65'534}) {
      keys.emplace_back(size, 'a');
      keys.emplace_back(size, '\0');
      keys.push_back(std::string(size, 'a') + 'b');
    }
    ASSERT_TRUE(engine.try_begin_batch(0));
    for (const std::string& key : keys) stage_put(engine, narrow, key, named("size ", key.size()), 1);
    engine.publish(1);
    for (const std::string& key : keys) {
      EXPECT_EQ(seen(engine, {key, narrow(key)}), named("size ", key.size()));
    }
    EXPECT_EQ(engine.stats().keys, keys.size());
    EXPECT_EQ(engine.published(), 1U);
  }
}

// Overwrites, removals and reinsertions of the same keys in one batch, against an ordinary map.
TYPED_TEST(PerfectHashEngine, RandomBatchesMatchAMap) {
  for (const std::uint64_t mask : {~std::uint64_t{0}, std::uint64_t{0}, std::uint64_t{0x3},
                                   std::uint64_t{0xff}, ~std::uint64_t{0} << 60}) {
    const std::int64_t records = Record::live();
    {
      const KeyHash narrow{9, mask};
      const std::uint64_t range = mask == 0 ? 60 : 900;
      std::mt19937_64 random(mask);
      TypeParam engine(this->with(narrow));
      std::map<std::string, std::string> model;
      for (std::uint64_t batch = 1; batch <= 120; ++batch) {
        const std::uint64_t erases_in_ten = batch / 20 % 2 == 0 ? 2 : 8;  // fill, empty, and again
        ASSERT_TRUE(engine.try_begin_batch(0));
        for (std::uint64_t i = random() % (range / 4); i > 0; --i) {
          const std::string key = named("key", random() % range);
          if (random() % 10 < erases_in_ten) {
            stage_erase(engine, narrow, key);
            model.erase(key);
          } else {
            const std::string value = named("v", random());
            stage_put(engine, narrow, key, value, batch);
            model[key] = value;
          }
        }
        engine.publish(batch);
        std::uint64_t bytes = 0;
        for (std::uint64_t k = 0; k < range; ++k) {
          const std::string key = named("key", k);
          const auto at = model.find(key);
          ASSERT_EQ(seen(engine, {key, narrow(key)}), at == model.end() ? "none" : at->second) << key;
          const Record* staged = engine.find({key, narrow(key)});
          ASSERT_EQ(staged != nullptr, at != model.end());
          if (staged != nullptr) bytes += staged->bytes();
        }
        ASSERT_EQ(engine.stats().keys, model.size());
        ASSERT_EQ(engine.stats().record_bytes, bytes);
      }
    }
    ASSERT_EQ(Record::live(), records);
  }
}

// A failed or unused promise leaves nothing behind: neither words nor memory.
TYPED_TEST(PerfectHashEngine, ReservationsLapseAtPublish) {
  TypeParam engine(this->with(this->hash));
  this->fill(engine, 0, 100, 100);
  const std::uint64_t bytes = engine.stats().index_bytes;
  for (int batch = 0; batch < 20; ++batch) {
    ASSERT_TRUE(engine.try_begin_batch(0));
    for (std::uint64_t i = 0; i < 1'000; ++i) {
      const std::string key = named("unused", i);
      const Probe p = this->probe(key);
      ASSERT_TRUE(engine.reserve({&p, 1}));
    }
    this->publish(engine);
  }
  EXPECT_EQ(engine.stats().index_bytes, bytes);
  EXPECT_EQ(engine.below().index().words(), 100U);
  this->expect_found(engine, 100);
  EXPECT_EQ(engine.stats().keys, 100U);
}

// Without the overlay: what was applied is found by the writer, and by readers only once it is published.
TYPED_TEST(PerfectHashEngine, TheStagedStateIsTheWritersAlone) {
  TypeParam overlaid(this->with(this->hash));
  auto& engine = overlaid.below();
  ASSERT_TRUE(engine.try_begin_batch(0));
  for (std::uint64_t i = 0; i < 200; ++i) stage_put(engine, this->hash, named("key", i), "old", 1);
  for (std::uint64_t i = 0; i < 200; ++i) EXPECT_EQ(seen(overlaid, this->probe(named("key", i))), "none");
  engine.publish(1);
  ASSERT_TRUE(engine.try_begin_batch(0));
  for (std::uint64_t i = 0; i < 200; i += 2) stage_put(engine, this->hash, named("key", i), "new", 2);
  for (std::uint64_t i = 1; i < 200; i += 4) stage_erase(engine, this->hash, named("key", i));
  for (std::uint64_t i = 0; i < 200; ++i) {
    const std::string key = named("key", i);
    EXPECT_EQ(seen(overlaid, this->probe(key)), "old");
    const Record* staged = engine.find(this->probe(key));
    EXPECT_EQ(staged == nullptr ? "none" : staged->value(), i % 2 == 0 ? "new" : i % 4 == 1 ? "none" : "old");
  }
  engine.publish(2);
  EXPECT_EQ(engine.stats().keys, 150U);
}

// Applied to by then, the batch's only slot cannot be split.
TYPED_TEST(PerfectHashEngine, ASlotThatCannotMoveTakes255Words) {
  TypeParam overlaid(this->with(this->hash));
  auto& engine = overlaid.below();
  ASSERT_TRUE(engine.try_begin_batch(0));
  constexpr std::uint64_t kMost = perfect_hash::Bucket::kMostWords;
  for (std::uint64_t i = 0; i < kMost; ++i)
    stage_put(engine, this->hash, named("k", i), std::to_string(i), 1);
  const std::string more = named("k", kMost);
  const Probe refused = this->probe(more);
  EXPECT_FALSE(engine.reserve({&refused, 1}));
  const std::string again = named("k", 7);
  const Probe known = this->probe(again);
  EXPECT_TRUE(engine.reserve({&known, 1}));
  engine.publish(1);
  this->expect_found(overlaid, kMost);
  this->put(overlaid, more, std::to_string(kMost));
  this->expect_found(overlaid, kMost + 1);
}

}  // namespace
}  // namespace flashkv::test
