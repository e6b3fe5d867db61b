// The staged state of both engines, and a slot that is full.
#include "tests/storage/engine/perfect_hash/perfect_hash_engines.h"

namespace flashkv::test {
namespace {

template <typename E>
class PerfectHashEngine : public EngineFixture<E> {};
TYPED_TEST_SUITE(PerfectHashEngine, PerfectHashEngines);

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
