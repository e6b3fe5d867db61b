// The memory that long-lived readers make perfect-hash-deletion-lock keep.
#include <memory>
#include <optional>

#include "tests/storage/engine/perfect_hash/perfect_hash_engines.h"

namespace flashkv::test {
namespace {

class PerfectHashDeletionLockTest : public EngineFixture<FreeingEngine> {
 protected:
  using Pin = Pinned<FreeingEngine>;

  void overwrite_all(FreeingEngine& engine, std::uint64_t keys, std::string_view value) {
    ASSERT_TRUE(engine.try_begin_batch(0));
    for (std::uint64_t n = 0; n < keys; ++n) stage_put(engine, hash, named("k", n), value, revision + 1);
    publish(engine);
    ASSERT_TRUE(engine.try_begin_batch(0));
  }
};

TEST_F(PerfectHashDeletionLockTest, AReaderKeepsTheGarbageOfTheSlotItLookedAt) {
  FreeingEngine engine(with(hash));
  fill(engine, 0, 3'000, 500);
  auto pin = std::make_unique<Pin>(engine);
  const Record* found = pin->guard.find(probe("k7"));
  overwrite_all(engine, 3'000, "new");
  overwrite_all(engine, 3'000, "newer");
  EXPECT_EQ(engine.below().access().waiting(), 1U);
  EXPECT_GT(engine.stats().retired_bytes, 0U);
  EXPECT_LT(engine.stats().retired_bytes, 10'000U);
  EXPECT_EQ(found->value(), "7");
  EXPECT_EQ(pin->guard.find(probe("k7"))->value(), "newer");
  pin.reset();
  ASSERT_TRUE(engine.try_begin_batch(0));
  EXPECT_EQ(engine.stats().retired_bytes, 0U);
  EXPECT_EQ(engine.below().access().waiting(), 0U);
}

// With one key more than it can hold one by one, the guard keeps all garbage until it ends.
TEST_F(PerfectHashDeletionLockTest, AGuardOfManyKeysKeepsAllGarbage) {
  for (const bool batch : {false, true}) {
    FreeingEngine engine(with(hash));
    fill(engine, 0, 3'000, 500);
    constexpr std::size_t kKeys = perfect_hash::ServedParameters::kMostHeld + 1;
    std::vector<std::string> keys;
    for (std::size_t n = 0; n < kKeys; ++n) keys.push_back(named("k", n));
    std::vector<Probe> probes;
    for (const std::string& key : keys) probes.push_back(probe(key));
    std::vector<const Record*> found(kKeys);
    auto pin = std::make_unique<Pin>(engine);
    if (batch) {
      pin->guard.find_batch(probes, found);
    } else {
      for (std::size_t n = 0; n < kKeys; ++n) found[n] = pin->guard.find(probes[n]);
    }
    overwrite_all(engine, 3'000, "new");
    overwrite_all(engine, 3'000, "newer");
    EXPECT_GT(engine.below().access().waiting(), 200U);
    for (std::size_t n = 0; n < kKeys; ++n) EXPECT_EQ(found[n]->value(), std::to_string(n));
    pin.reset();
    ASSERT_TRUE(engine.try_begin_batch(0));
    ASSERT_TRUE(engine.try_begin_batch(0)) << "what was retired in a period goes after the next";
    EXPECT_EQ(engine.stats().retired_bytes, 0U);
  }
}

// The reader is in the old slot; what it found moves on and is replaced in the new one, whose lock it never
// entered.
TEST_F(PerfectHashDeletionLockTest, WhatWasFoundBeforeItsSlotMovedStaysToo) {
  FreeingEngine engine(with(hash));
  fill(engine, 0, 16, 16);
  std::optional<Pin> pin(std::in_place, engine);
  const Record* found = pin->guard.find(probe("k3"));
  const Record* erased = pin->guard.find(probe("k4"));
  fill(engine, 16, 4'200, 100);  // twice to a larger array
  while (engine.below().index().growing()) put(engine, "k0", "0");
  put(engine, "k3", "new");
  ASSERT_TRUE(engine.try_begin_batch(0));
  stage_erase(engine, hash, "k4");
  publish(engine);
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(engine.try_begin_batch(0));
  EXPECT_GE(engine.stats().retired_bytes, found->bytes() + erased->bytes());
  EXPECT_EQ(found->value(), "3");
  EXPECT_EQ(erased->value(), "4");
  pin.reset();
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(engine.try_begin_batch(0));
  EXPECT_EQ(engine.stats().retired_bytes, 0U);
  EXPECT_EQ(engine.below().access().waiting(), 0U);
}

// A slot of one key has no bucket that could be retired, and its readers are waited for all the same.
TEST_F(PerfectHashDeletionLockTest, SoDoesTheOnlyKeyOfASlot) {
  FreeingEngine engine(with(hash));
  put(engine, "k3", "3");
  std::optional<Pin> pin(std::in_place, engine);
  const Record* found = pin->guard.find(probe("k3"));
  ASSERT_TRUE(engine.try_begin_batch(0));
  for (std::uint64_t n = 100; n < 140; ++n) stage_put(engine, hash, named("k", n), "v", 2);
  publish(engine);
  EXPECT_EQ(engine.below().arrays().last().size(), 256U);
  put(engine, "k3", "new");
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(engine.try_begin_batch(0));
  EXPECT_GE(engine.stats().retired_bytes, found->bytes());
  EXPECT_EQ(found->value(), "3");
}

// Guards overlap, so that the slot is never without a reader; none of them stays for long.
TEST_F(PerfectHashDeletionLockTest, ReadersThatComeAllTheTimeKeepNothingForLong) {
  for (const std::uint64_t keys : {1U, 20U}) {
    FreeingEngine engine(with(hash));
    fill(engine, 0, 20, 20);
    auto inside = std::make_unique<Pin>(engine);
    for (int batch = 0; batch < 500; ++batch) {
      auto next = std::make_unique<Pin>(engine);
      for (std::uint64_t n = 0; n < keys; ++n) next->guard.find(probe(named("k", n)));
      inside = std::move(next);
      put(engine, "k0", named("v", static_cast<std::uint64_t>(batch)));
      ASSERT_LT(engine.stats().retired_bytes, 5'000U);
    }
  }
}

TEST_F(PerfectHashDeletionLockTest, AboveTheCapBatchesArePutOffUntilReadersLeave) {
  EngineOptions options = with(hash);
  options.limits.max_retired_bytes = 5'000;
  FreeingEngine engine(options);
  put(engine, "a", "1");
  std::optional<Pin> pin(std::in_place, engine);
  const Record* found = pin->guard.find(probe("a"));
  int batches = 0;
  while (engine.try_begin_batch(0)) {
    stage_put(engine, hash, "a", std::string(1000, 'x'), 2);
    publish(engine);
    ASSERT_LE(++batches, 10);
  }
  EXPECT_GE(batches, 5);
  EXPECT_GT(engine.stats().retired_bytes, options.limits.max_retired_bytes);
  EXPECT_FALSE(engine.try_begin_batch(1000));
  EXPECT_EQ(engine.stats().deferred_opens, 2U);
  EXPECT_EQ(found->value(), "1");
  pin.reset();
  put(engine, "a", "2");
  ASSERT_TRUE(engine.try_begin_batch(0));
  EXPECT_EQ(engine.stats().retired_bytes, 0U);
}

// After any number of cycles nothing is left but the arrays.
TEST_F(PerfectHashDeletionLockTest, MemoryReachesAPlateau) {
  FreeingEngine engine(with(hash));
  std::uint64_t bytes = 0;
  for (int cycle = 0; cycle < 300; ++cycle) {
    for (const bool erase : {false, true}) {
      ASSERT_TRUE(engine.try_begin_batch(0));
      for (std::uint64_t n = 0; n < 40; ++n) {
        const std::string key = named("k", n);
        erase ? stage_erase(engine, hash, key) : stage_put(engine, hash, key, "v", 1);
      }
      publish(engine);
    }
    ASSERT_TRUE(engine.try_begin_batch(0));
    const EngineStats stats = engine.stats();
    if (cycle == 0) bytes = stats.index_bytes;
    ASSERT_EQ(stats.index_bytes, bytes);
    ASSERT_EQ(stats.retired_bytes, 0U);
    ASSERT_EQ(stats.record_bytes, 0U);
  }
}

}  // namespace
}  // namespace flashkv::test
