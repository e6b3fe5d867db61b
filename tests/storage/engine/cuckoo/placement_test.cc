// Placement of hashes: second buckets, evictions, cycles, growth, equal hashes.
#include <gtest/gtest.h>

#include <vector>

#include "tests/storage/engine/cuckoo/cuckoo_engines.h"

namespace flashkv::test {
namespace {

using cuckoo::Eviction;
using cuckoo::kBucketSlots;
using cuckoo::Places;
using cuckoo::places_of;
using cuckoo::Slot;
using cuckoo::Table;

struct Destroy {
  void operator()(Table* table) const noexcept { Table::destroy(table); }
};
using OwnedTable = std::unique_ptr<Table, Destroy>;

RecordPtr record(std::string_view key) { return Record::make(key, "value", Record::Expiry::kNone); }

TEST(CuckooPlaces, AreTwoInEveryTable) {
  for (const std::uint64_t mask : {1U, 3U, 7U, 1023U}) {
    for (std::uint64_t hash = 0; hash < 1000; ++hash) {
      const Places at = places_of(hash, cuckoo::kFirstSeed, mask);
      EXPECT_NE(at.first, at.second);
      EXPECT_LE(at.first, mask);
      EXPECT_LE(at.second, mask);
      EXPECT_EQ(at.other(at.first), at.second);
      EXPECT_EQ(at.other(at.second), at.first);
    }
  }
}

TEST(CuckooTable, AFreeFirstBucketDoesNotHideTheSecond) {
  const OwnedTable table(Table::make(4, cuckoo::kFirstSeed));
  const RecordPtr r = record("key");
  for (const std::uint64_t hash : {std::uint64_t{0}, std::uint64_t{12345}, ~std::uint64_t{0}}) {
    for (std::size_t s = 0; s < kBucketSlots; ++s) {
      table->clear(cuckoo::kFirstSeed);
      const Probe probe{"key", hash};
      EXPECT_EQ(table->find(probe), nullptr) << "in an empty table, even where the hash is 0";
      table->buckets()[table->places(hash).second].slots[s] = {hash, Leaf(r.get()).word()};
      EXPECT_EQ(table->find(probe), r.get()) << "slot " << s;
      const Record* found = nullptr;
      table->find_batch({&probe, 1}, {&found, 1});
      EXPECT_EQ(found, r.get());
    }
  }
}

TEST(CuckooTable, ASlotThatIsFreeHasNoHash) {
  const OwnedTable table(Table::make(1, cuckoo::kFirstSeed));
  const RecordPtr r = record("key");
  const Places at = table->places(5);
  table->buckets()[at.first].slots[0] = {5, 0};  // as an erased one may look
  table->buckets()[at.second].slots[3] = {5, Leaf(r.get()).word()};
  EXPECT_EQ(table->find({"key", 5}), r.get());
}

// Every slot is in one of its two buckets, each hash once, whatever was moved to place the last one.
TEST(CuckooEviction, MovesNoSlotOutOfItsBuckets) {
  const OwnedTable table(Table::make(5, cuckoo::kFirstSeed));
  std::uint64_t placed = 0;
  for (std::uint64_t hash = 0; hash < 10'000; ++hash) {
    const auto way = Eviction::search(*table, hash);
    if (!way) break;
    way->apply(*table, {hash, 8 * (hash + 1)});
    ++placed;
    std::uint64_t used = 0;
    for (std::uint64_t b = 0; b < table->bucket_count(); ++b) {
      for (const Slot& s : table->buckets()[b].slots) {
        if (s.word == 0) continue;
        ++used;
        const Places at = table->places(s.hash);
        ASSERT_TRUE(at.first == b || at.second == b) << s.hash << " in " << b;
        ASSERT_EQ(s.word, 8 * (s.hash + 1));
      }
    }
    ASSERT_EQ(used, placed);
    for (std::uint64_t h = 0; h <= hash; ++h) ASSERT_NE(table->slot(h), nullptr) << h;
  }
  EXPECT_GT(placed, table->slot_count() * 7 / 8);
  EXPECT_LE(placed, table->slot_count());
}

// Hashes with the same two buckets in a table of 2^2, under each of the first `seeds` seeds after the first.
std::vector<std::uint64_t> hashes_in_a_circle(std::size_t count, int seeds) {
  std::vector<std::uint64_t> hashes;
  for (std::uint64_t hash = 0; hashes.size() < count; ++hash) {
    std::uint64_t seed = cuckoo::kFirstSeed;
    bool fits = true;
    for (int i = 0; fits && i < seeds; ++i) {
      seed = cuckoo::next_seed(seed);
      const Places at = places_of(hash, seed, 3);
      fits = at.first + at.second == 1;
    }
    if (fits) hashes.push_back(hash);
  }
  return hashes;
}

template <typename E>
class CuckooPlacement : public ::testing::Test {
 protected:
  // One more than the two buckets take.
  static constexpr std::size_t kTooMany = 2 * kBucketSlots + 1;

  void fill(E& engine, const std::vector<std::uint64_t>& hashes) {
    for (const std::uint64_t hash : hashes) keys_.push_back(named("key", hash));
    ASSERT_TRUE(engine.try_begin_batch(0));
    for (std::size_t i = 0; i + 1 < hashes.size(); ++i) {
      ASSERT_TRUE(put_hashed(engine, {keys_[i], hashes[i]}, keys_[i]));
    }
    ASSERT_EQ(engine.staged().log2(), 2U);
    ASSERT_EQ(engine.staged().seed(), cuckoo::next_seed(cuckoo::kFirstSeed));
  }
  void expect_found(E& engine, const std::vector<std::uint64_t>& hashes, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      EXPECT_NE(engine.find({keys_[i], hashes[i]}), nullptr) << keys_[i];
      EXPECT_EQ(seen(engine, {keys_[i], hashes[i]}), keys_[i]);
    }
  }
  std::vector<std::string> keys_;
};
TYPED_TEST_SUITE(CuckooPlacement, CuckooEngines);

TYPED_TEST(CuckooPlacement, ACycleIsEndedByAnotherSeed) {
  TypeParam engine(EngineOptions{});
  const auto hashes = hashes_in_a_circle(this->kTooMany, 1);
  this->fill(engine, hashes);
  ASSERT_TRUE(put_hashed(engine, {this->keys_.back(), hashes.back()}, this->keys_.back()));
  EXPECT_EQ(engine.staged().log2(), 2U) << "there was room enough";
  EXPECT_NE(engine.staged().seed(), cuckoo::next_seed(cuckoo::kFirstSeed));
  engine.publish(1);
  ASSERT_TRUE(engine.try_begin_batch(0));
  this->expect_found(engine, hashes, hashes.size());
}

TYPED_TEST(CuckooPlacement, ACycleThatNoSeedEndsMakesTheTableGrow) {
  TypeParam engine(EngineOptions{});
  const auto hashes = hashes_in_a_circle(this->kTooMany, 5);
  this->fill(engine, hashes);
  ASSERT_TRUE(put_hashed(engine, {this->keys_.back(), hashes.back()}, this->keys_.back()));
  EXPECT_EQ(engine.staged().log2(), 3U);
  engine.publish(1);
  ASSERT_TRUE(engine.try_begin_batch(0));
  this->expect_found(engine, hashes, hashes.size());
}

TYPED_TEST(CuckooPlacement, WhereNeitherHelpsTheKeyIsRefusedAndNothingElse) {
  const std::int64_t records = Record::live();
  {
    TypeParam engine(EngineOptions{}, cuckoo::GrowthLimits{.max_log2 = 2});
    const auto hashes = hashes_in_a_circle(this->kTooMany, 5);
    this->fill(engine, hashes);
    const Probe last{this->keys_.back(), hashes.back()};
    for (int i = 0; i < 3; ++i) EXPECT_FALSE(put_hashed(engine, last, "refused"));
    EXPECT_EQ(engine.find(last), nullptr);
    EXPECT_EQ(engine.stats().keys, hashes.size() - 1);
    engine.publish(1);
    EXPECT_EQ(seen(engine, last), "none");
    ASSERT_TRUE(engine.try_begin_batch(0));
    this->expect_found(engine, hashes, hashes.size() - 1);
    // Two of them gone, there is a place.
    for (std::size_t i = 0; i < 2; ++i) {
      const Probe gone{this->keys_[i], hashes[i]};
      ASSERT_TRUE(engine.reserve({&gone, 1}));
      engine.erase(gone);
    }
    engine.publish(2);
    ASSERT_TRUE(engine.try_begin_batch(0));
    EXPECT_TRUE(put_hashed(engine, last, "taken"));
    engine.publish(3);
    EXPECT_EQ(seen(engine, last), "taken");
  }
  EXPECT_EQ(Record::live(), records);
}

// Equal hashes part under no seed: they share a slot, and the table stays small.
TYPED_TEST(CuckooPlacement, EqualHashesNeverMakeTheTableGrow) {
  TypeParam engine(EngineOptions{});
  constexpr std::uint64_t kKeys = 500;
  std::vector<std::string> keys;
  for (std::uint64_t n = 0; n < kKeys; ++n) keys.push_back(named("key", n));
  for (std::uint64_t n = 0; n < kKeys; ++n) {
    if (n % 7 == 0) {
      engine.publish(n + 1);
      ASSERT_TRUE(engine.try_begin_batch(0));
    }
    ASSERT_TRUE(put_hashed(engine, {keys[n], 0}, keys[n]));
  }
  EXPECT_EQ(engine.staged().log2(), Table::kLeastLog2);
  engine.publish(kKeys + 1);
  for (const std::string& key : keys) EXPECT_EQ(seen(engine, {key, 0}), key);
  EXPECT_EQ(seen(engine, {"absent", 0}), "none");
  EXPECT_EQ(engine.stats().keys, kKeys);
}

// Promises of one batch add up, in any order, whether they are used or not.
TYPED_TEST(CuckooPlacement, PromisesForEqualHashesAddUp) {
  const std::int64_t records = Record::live();
  {
    TypeParam engine(EngineOptions{});
    ASSERT_TRUE(engine.try_begin_batch(0));
    const Probe a{"a", 1}, b{"b", 1}, c{"c", 1};
    const Probe all[] = {a, b, c};
    const auto upsert = [&](const Probe& p, std::string_view value) {
      engine.upsert(Record::make(p.key, value, Record::Expiry::kNone).release(), p.hash);
    };
    ASSERT_TRUE(engine.reserve({&a, 1}));
    ASSERT_TRUE(engine.reserve({&a, 1}));
    ASSERT_TRUE(engine.reserve({&a, 1}));
    upsert(a, "1");
    engine.erase(a);
    ASSERT_TRUE(engine.reserve({&b, 1}));
    upsert(b, "2");
    upsert(a, "3");  // by the second promise
    EXPECT_EQ(engine.find(a)->value(), "3");
    EXPECT_EQ(engine.find(b)->value(), "2");
    engine.publish(1);
    ASSERT_TRUE(engine.try_begin_batch(0));
    ASSERT_TRUE(engine.reserve(all));
    ASSERT_TRUE(engine.reserve(all));
    engine.erase(a);
    upsert(c, "4");
    engine.erase(b);
    upsert(a, "5");
    upsert(b, "6");
    engine.erase(c);
    engine.publish(2);
    EXPECT_EQ(seen(engine, a), "5");
    EXPECT_EQ(seen(engine, b), "6");
    EXPECT_EQ(seen(engine, c), "none");
    ASSERT_TRUE(engine.try_begin_batch(0));
    ASSERT_TRUE(engine.reserve(all));  // lapses
    engine.publish(3);
    EXPECT_EQ(seen(engine, a), "5");
    ASSERT_TRUE(engine.try_begin_batch(0));
    ASSERT_TRUE(engine.reserve(all));
    engine.erase(a);
    engine.erase(b);
    engine.publish(4);
    EXPECT_EQ(seen(engine, a), "none");
    EXPECT_EQ(engine.stats().keys, 0U);
    EXPECT_EQ(engine.stats().record_bytes, 0U);
  }
  EXPECT_EQ(Record::live(), records);
}

}  // namespace
}  // namespace flashkv::test
