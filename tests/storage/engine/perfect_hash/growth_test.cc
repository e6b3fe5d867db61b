// Growth from one top array to the next, a few slots at a time.
#include "tests/storage/engine/perfect_hash/perfect_hash_engines.h"

namespace flashkv::test {
namespace {

template <typename E>
class PerfectHashGrowth : public EngineFixture<E> {
 protected:
  static std::size_t first(E& engine) { return engine.below().arrays().first().size(); }
  static std::size_t last(E& engine) { return engine.below().arrays().last().size(); }
  static std::size_t moved(E& engine) {
    const auto& top = engine.below().arrays().first();
    std::size_t count = 0;
    for (std::size_t i = 0; i < top.size(); ++i) {
      count += perfect_hash::SlotValue(top.at(i).content.load()).is_moved() ? 1 : 0;
    }
    return count;
  }
  // Just above 16 words for each of 256 slots; nothing but the last batch's own slots has moved.
  void start_growing(E& engine) {
    this->fill(engine, 0, 4'096, 512);
    EXPECT_EQ(last(engine), 256U);
    this->fill(engine, 4'096, 4'098, 2);
    EXPECT_EQ(last(engine), 65'536U);
    EXPECT_EQ(first(engine), 256U);
  }
};
TYPED_TEST_SUITE(PerfectHashGrowth, PerfectHashEngines);

TYPED_TEST(PerfectHashGrowth, SizesAreOneThen256Then65536) {
  TypeParam engine(this->with(this->hash));
  EXPECT_EQ(this->last(engine), 1U);
  this->fill(engine, 0, 16, 16);
  EXPECT_EQ(this->last(engine), 1U);
  this->fill(engine, 16, 17, 1);
  EXPECT_EQ(this->last(engine), 256U);
  this->start_growing(engine);
}

// What a batch has to pay for the whole table's growth does not depend on the table's size.
TYPED_TEST(PerfectHashGrowth, EachBatchMovesAFewSlots) {
  TypeParam engine(this->with(this->hash));
  this->start_growing(engine);
  std::size_t batches = 0;
  while (this->first(engine) == 256) {
    const std::size_t before = this->moved(engine);
    this->put(engine, "the same key", named("v", batches));
    if (this->first(engine) == 256) {
      EXPECT_LE(this->moved(engine) - before, 150U);
    }
    this->expect_found(engine, 4'098);
    ASSERT_LT(++batches, 100U);
  }
  EXPECT_GT(batches, 2U);
  EXPECT_EQ(this->first(engine), 65'536U);
}

// Every draft that is open when a larger array is added moves there with its promises.
TYPED_TEST(PerfectHashGrowth, OneBatchMayPassThroughAllSizes) {
  const std::int64_t records = Record::live();
  {
    TypeParam engine(this->with(this->hash));
    this->fill(engine, 0, 5'000, 5'000);
    EXPECT_EQ(this->last(engine), 65'536U);
    this->expect_found(engine, 5'000);
    EXPECT_EQ(engine.below().index().words(), 5'000U);
    EXPECT_EQ(engine.stats().keys, 5'000U);
    ASSERT_TRUE(engine.try_begin_batch(0));
    for (std::uint64_t n = 0; n < 5'000; ++n) stage_erase(engine, this->hash, named("k", n));
    this->publish(engine);
    EXPECT_EQ(engine.stats().keys, 0U);
    EXPECT_EQ(engine.below().index().words(), 0U);
    this->expect_found(engine, 0);
  }
  EXPECT_EQ(Record::live(), records);
}

// Keys of one slot that were published, are promised, and are promised and not written.
TYPED_TEST(PerfectHashGrowth, ADraftIsSplitWithWhatItPromised) {
  TypeParam engine(this->with(this->hash));
  this->fill(engine, 0, 10, 10);
  ASSERT_TRUE(engine.try_begin_batch(0));
  for (std::uint64_t n = 100; n < 104; ++n) {
    const std::string unused = named("unused", n);
    const Probe p = this->probe(unused);
    ASSERT_TRUE(engine.reserve({&p, 1}));
  }
  const std::string first = named("k", 3);
  const Probe erased = this->probe(first);
  ASSERT_TRUE(engine.reserve({&erased, 1}));
  EXPECT_EQ(this->last(engine), 1U);
  for (std::uint64_t n = 10; n < 60; ++n) stage_put(engine, this->hash, named("k", n), std::to_string(n), 9);
  EXPECT_EQ(this->last(engine), 256U);
  EXPECT_EQ(seen(engine, erased), "3") << "nothing is published";
  EXPECT_EQ(seen(engine, this->probe(named("k", 10))), "none");
  engine.erase(erased);
  this->publish(engine);
  EXPECT_EQ(seen(engine, erased), "none");
  this->put(engine, first, "3");
  this->expect_found(engine, 60);
  EXPECT_EQ(engine.below().index().words(), 60U);
}

// Whoever has an old array in hand finds its way on from every slot, however long ago that moved.
TYPED_TEST(PerfectHashGrowth, OldArraysLeadOnUntilTheClose) {
  TypeParam engine(this->with(this->hash));
  const auto* oldest = &engine.below().arrays().first();
  this->fill(engine, 0, 4'200, 300);
  while (this->first(engine) < 65'536U) this->put(engine, "k0", "0");
  for (std::uint64_t n = 0; n < 4'200; ++n) {
    const std::string key = named("k", n);
    const Probe p = this->probe(key);
    const auto* top = oldest;
    unsigned passed = 0;
    perfect_hash::SlotValue content(top->slot(p.hash).content.load());
    for (; content.is_moved(); ++passed) {
      top = top->next();
      content = perfect_hash::SlotValue(top->slot(p.hash).content.load());
    }
    ASSERT_EQ(passed, 2U);
    const Record* found = content.look(p.hash).find(key);
    ASSERT_NE(found, nullptr) << key;
    ASSERT_EQ(found->value(), std::to_string(n));
  }
}

// Equal hashes share one word, which makes no table grow.
TYPED_TEST(PerfectHashGrowth, CollisionsAreNoReasonToGrow) {
  const KeyHash narrow{3, 0x7};
  TypeParam engine(this->with(narrow));
  ASSERT_TRUE(engine.try_begin_batch(0));
  for (std::uint64_t n = 0; n < 200; ++n) stage_put(engine, narrow, named("k", n), "v", 1);
  engine.publish(1);
  EXPECT_EQ(this->last(engine), 1U);
  EXPECT_EQ(engine.below().index().words(), 8U);
  EXPECT_EQ(engine.stats().keys, 200U);
}

}  // namespace
}  // namespace flashkv::test
