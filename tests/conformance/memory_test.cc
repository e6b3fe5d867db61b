// What is freed when: by the engine's own account, by the count of records, and by the allocator's.
#include <malloc.h>

#include <algorithm>
#include <utility>

#include "storage/engine/registry.h"
#include "tests/conformance/engine_test.h"

namespace flashkv::test {
namespace {

class MemoryTest : public ConformanceTest {
 protected:
  // Records alive since the test began; only builds that check themselves count them.
  std::int64_t records() const { return Record::live() - before_; }
  void expect_records(std::size_t n) const {
    if (kSanitized) {
      EXPECT_EQ(records(), static_cast<std::int64_t>(n));
    }
  }
  static std::uint64_t allocated() {
    const auto info = mallinfo2();
    return info.uordblks + info.hblkhd;
  }

 private:
  const std::int64_t before_ = Record::live();
};
INSTANTIATE_TEST_SUITE_P(Engines, MemoryTest, ::testing::ValuesIn(engine_cases()), EngineName{});

// Also a batch that was never published, and keys that share their hash.
TEST_P(MemoryTest, EveryRecordIsFreedWithTheEngine) {
  for (const std::uint64_t mask : {~std::uint64_t{0}, std::uint64_t{1}}) {
    options.hash = KeyHash(5, mask);
    EngineUnderTest& e = engine();
    for (std::size_t round = 0; round < 30; ++round) {
      e.begin();
      for (std::size_t n = 0; n < 20; ++n) ASSERT_TRUE(e.put(numbered("k", n), numbered("v", round)));
      ASSERT_TRUE(e.erase(numbered("k", round % 20)));
      e.publish();
    }
    e.begin();
    for (std::size_t n = 10; n < 30; ++n) ASSERT_TRUE(e.put(numbered("k", n), "staged when the engine goes"));
    ASSERT_TRUE(e.erase("k7"));
    close();
    expect_records(0);
  }
}

TEST_P(MemoryTest, WhatWasReplacedGoesOnceReadersAreOut) {
  EngineUnderTest& e = engine();
  for (std::size_t round = 0; round < 20; ++round) {
    e.begin();
    for (std::size_t n = 0; n < 50; ++n) ASSERT_TRUE(e.put(numbered("k", n), numbered("v", round)));
    e.publish();
  }
  e.settle();
  const EngineStats stats = e.table().stats();
  EXPECT_EQ(stats.retired_bytes, stats.leaked_bytes);
  if (!e.leaks()) {
    EXPECT_EQ(stats.leaked_bytes, 0U);
    expect_records(50);
  }
}

TEST_P(MemoryTest, AReaderThatStaysKeepsItsRecordsAndNotTheWriter) {
  EngineUnderTest& e = engine();
  e.put_now("mine", "as it was");
  {
    const auto guard = e.hold();
    const std::string key = "mine";
    const Record* held = guard->find(e.probe(key));
    ASSERT_NE(held, nullptr);
    // The one batch that any engine takes.
    e.begin();
    ASSERT_TRUE(e.put("mine", "as it is"));
    e.publish();
    std::size_t batches = 0;
    for (; batches < 300 && e.table().try_begin_batch(0); ++batches) {
      for (std::size_t n = 0; n < 10; ++n) ASSERT_TRUE(e.put(numbered("grown", batches * 10 + n), "v"));
      ASSERT_TRUE(e.put("mine", numbered("v", batches)));
      e.publish();
    }
    EXPECT_EQ(batches, GetParam().readers_block ? 0U : 300U);
    EXPECT_EQ(held->value(), "as it was");
  }
  e.settle();
  e.expect_content();
}

TEST_P(MemoryTest, WhatWaitsForAReaderHasItsBound) {
  if (GetParam().name == "locked_map") return;  // vacuous: the simplest map keeps no such promise
  if (GetParam().readers_block) return;         // vacuous: nothing is retired under a reader, as shown above
  options.limits.max_retired_bytes = 1 << 20;
  EngineUnderTest& e = engine();
  const std::string value(1'000, 'v');
  e.put_now("key", value);
  {
    const auto guard = e.hold();
    ASSERT_NE(guard->find(e.probe("key")), nullptr);
    // Some engines keep for a reader only what stands where it has looked.
    ASSERT_NE(guard->find(e.probe("key")), nullptr);
    std::size_t batches = 0;
    bool refused = false;
    for (; batches < 20'000 && !refused && e.table().try_begin_batch(0); ++batches) {
      refused = !e.put("key", value);
      e.publish();
    }
    EXPECT_LT(batches, 20'000U) << "the bound was passed";
    // Who frees waits for readers; who does not has had its last write.
    EXPECT_EQ(refused, e.table().stats().leak_full);
    EXPECT_EQ(refused && !e.leaks(), false);
    EXPECT_GE(e.table().stats().retired_bytes, options.limits.max_retired_bytes);
    EXPECT_LE(e.table().stats().retired_bytes, options.limits.max_retired_bytes + (1 << 16));
    EXPECT_EQ(e.read("key"), value);
  }
  if (e.table().stats().leak_full) {
    e.begin();
    EXPECT_FALSE(e.put("key", "more")) << "what is leaked stays";
    e.publish();
    EXPECT_EQ(e.read("key"), value);
  } else {
    e.settle();
    e.put_now("key", "again");
    EXPECT_EQ(e.read("key"), "again");
  }
}

// A warm engine that takes and loses keys for ever needs no more memory than at first. It is asked when its
// garbage is gone: how much waits in between is up to the thread that ends grace periods.
TEST_P(MemoryTest, AMillionInsertionsAndRemovalsLeaveNothing) {
  EngineUnderTest& e = engine();
  if (e.leaks()) return;  // vacuous: they refuse, at the latest after so many (writer/leaking_test.cc)
  constexpr std::size_t kCycles = kSanitized ? 50'000 : 1'000'000;
  constexpr std::size_t kWarm = kSanitized ? 20'000 : 100'000;  // and more than a pool of removed nodes takes
  constexpr std::size_t kBatch = 100;
  constexpr std::size_t kWindow = 500;
  for (std::size_t n = 0; n < 50; ++n) e.put_now(numbered("permanent", n), "v");
  std::uint64_t held_at_first = 0;
  std::uint64_t held_later = 0;
  std::uint64_t allocated_at_first = 0;
  for (std::size_t first = 0; first < kCycles; first += kBatch) {
    e.begin();
    for (std::size_t n = first; n < first + kBatch; ++n) {
      ASSERT_TRUE(e.put(numbered("passing", n), "value"));
      if (n >= kWindow) {
        ASSERT_TRUE(e.erase(numbered("passing", n - kWindow)));
      }
    }
    e.publish();
    const std::size_t done = first + kBatch;
    if (done % kWarm != 0 && done != kCycles) continue;
    e.settle();
    const EngineStats stats = e.table().stats();
    held_later = std::max(held_later, stats.index_bytes + stats.record_bytes + stats.retired_bytes);
    if (done == kWarm) {
      held_at_first = std::exchange(held_later, 0);
      allocated_at_first = allocated();
    }
  }
  e.expect_content();
  EXPECT_LE(held_later, held_at_first + held_at_first / 4 + 4'096);
  if (!kSanitized) {
    EXPECT_LE(allocated(), allocated_at_first + allocated_at_first / 4 + 65'536);
  }
  expect_records(50 + kWindow);
}

}  // namespace
}  // namespace flashkv::test
