// perfect-hash-leak: the garbage it keeps, and its bound.
#include "tests/storage/engine/perfect_hash/perfect_hash_engines.h"

namespace flashkv::test {
namespace {

class PerfectHashLeakTest : public PerfectHashTest<LeakingEngine> {};

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

TEST_F(PerfectHashLeakTest, AboveTheCapNothingIsPreparedEverAgain) {
  const std::int64_t records = Record::live();
  {
    EngineOptions options = with(hash);
    options.limits.max_retired_bytes = 20'000;
    LeakingEngine engine(options);
    const Probe a = probe("a");
    std::uint64_t written = 0;
    for (;; ++written) {
      ASSERT_TRUE(engine.try_begin_batch(0));
      if (!engine.reserve({&a, 1})) break;
      engine.upsert(Record::make("a", named("v", written), Record::Expiry::kNone).release(), a.hash);
      publish(engine);
      ASSERT_LE(written, 1'000U);
    }
    const EngineStats stats = engine.stats();
    EXPECT_TRUE(stats.leak_full);
    EXPECT_GT(stats.leaked_bytes, options.limits.max_retired_bytes);
    EXPECT_LE(stats.leaked_bytes, options.limits.max_retired_bytes + 200) << "one batch beyond at most";
    for (int i = 0; i < 5; ++i) {
      ASSERT_TRUE(engine.try_begin_batch(0));
      EXPECT_FALSE(engine.reserve({&a, 1}));
      EXPECT_EQ(seen(engine, a), named("v", written - 1));
      publish(engine);
    }
    EXPECT_EQ(engine.stats().leaked_bytes, stats.leaked_bytes);
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

// Guards from all times, and everything they found is good at the end.
TEST_F(PerfectHashLeakTest, WhatAGuardFoundStaysUntilTheClose) {
  LeakingEngine engine(with(hash));
  const Probe a = probe("a");
  auto reader = engine.make_reader();
  std::vector<const Record*> found;
  for (std::uint64_t n = 1; n <= 100; ++n) {
    ASSERT_TRUE(engine.try_begin_batch(0));
    if (n % 3 == 0) {
      stage_erase(engine, hash, "a");
    } else {
      stage_put(engine, hash, "a", named("v", n), n);
    }
    stage_put(engine, hash, named("other", n), "v", n);  // it moves on meanwhile
    publish(engine);
    auto guard = reader.enter();
    found.push_back(guard.find(a));
  }
  for (std::uint64_t n = 1; n <= 100; ++n) {
    const Record* r = found[n - 1];
    ASSERT_EQ(r == nullptr, n % 3 == 0);
    if (r != nullptr) {
      EXPECT_EQ(r->value(), named("v", n));
    }
  }
}

}  // namespace
}  // namespace flashkv::test
