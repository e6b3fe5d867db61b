// perfect-hash-leak: the garbage it keeps, and its bound.
#include "tests/storage/engine/perfect_hash/perfect_hash_engines.h"

namespace flashkv::test {
namespace {

class PerfectHashLeakTest : public EngineFixture<LeakingEngine> {};

TEST_F(PerfectHashLeakTest, KeepsWhatItCannotFreeAndCountsIt) {
  const std::int64_t records = Record::live();
  {
    LeakingEngine engine(with(hash));
    fill(engine, 0, 12, 12);  // all in one bucket
    std::uint64_t kept = engine.stats().leaked_bytes;
    EXPECT_EQ(kept, 0U);
    for (std::uint64_t i = 0; i < 20; ++i) {
      kept += engine.find(probe("k5"))->bytes();
      kept += perfect_hash::Bucket::bytes_for(12, perfect_hash::Bucket::slots_for(12));
      put(engine, "k5", named("v", i));
      EXPECT_EQ(engine.stats().leaked_bytes, kept);
      EXPECT_EQ(engine.stats().retired_bytes, kept);
      EXPECT_FALSE(engine.stats().leak_full);
    }
  }
  EXPECT_EQ(Record::live(), records);
}

// A full engine that is still growing moves nothing more: that would leak, too.
TEST_F(PerfectHashLeakTest, AboveTheCapGrowthStops) {
  EngineOptions options = with(hash);
  options.limits.max_retired_bytes = 250'000;
  LeakingEngine engine(options);
  std::uint64_t written = 0;
  const auto next = [&] {
    const std::string key = named("k", written);
    const Probe p = probe(key);
    if (!engine.reserve({&p, 1})) return false;
    engine.upsert(Record::make(key, std::to_string(written), Record::Expiry::kNone).release(), p.hash);
    return true;
  };
  bool full = false;
  while (!full) {
    ASSERT_TRUE(engine.try_begin_batch(0));
    for (int i = 0; i < 700 && !full; ++i) {
      full = !next();
      written += full ? 0 : 1;
    }
    publish(engine);
    ASSERT_LT(written, 100'000U);
  }
  const std::uint64_t leaked = engine.stats().leaked_bytes;
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(engine.try_begin_batch(0));
    publish(engine);
  }
  EXPECT_EQ(engine.stats().leaked_bytes, leaked);
  expect_found(engine, written);
}

}  // namespace
}  // namespace flashkv::test
