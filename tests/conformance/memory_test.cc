// What is freed, and when: by the engine's statistics, the number of live records, and the allocator's count.
#include <malloc.h>

#include <algorithm>
#include <utility>

#include "storage/engine/critnib/critnib.h"
#include "storage/engine/radix/radix.h"
#include "tests/conformance/engine_test.h"
#include "tests/conformance/more_cases.h"

namespace flashkv::test {
namespace {

class MemoryTest : public ConformanceTest {
 protected:
  // Records created since the test began and still alive; only builds with assertions count them.
  std::int64_t records() const { return Record::live() - before_; }
  void expect_records(std::size_t n) const {
    if (kSanitized) {
      EXPECT_EQ(records(), static_cast<std::int64_t>(n));
    }
  }
  // What an index may keep beyond its smallest: nodes of critnib's pool wait for kLife more removals.
  std::uint64_t kept_bytes() const {
    if (GetParam().name == "critnib") return std::uint64_t{critnib::kLife + 64} * sizeof(critnib::Node);
    return GetParam().name.starts_with("radix") ? radix::NodePool::kKeptBytes + 1'000 : 16'000;
  }
  static std::uint64_t allocated() {
    const auto info = mallinfo2();
    return info.uordblks + info.hblkhd;
  }

 private:
  const std::int64_t before_ = Record::live();
};
INSTANTIATE_TEST_SUITE_P(Engines, MemoryTest, ::testing::ValuesIn(engine_cases() + shaped_cases()),
                         EngineName{});

// Even with a batch that was never published, and keys that share a hash.
TEST_P(MemoryTest, EveryRecordIsFreedWithTheEngine) {
  for (const std::uint64_t mask : all_masks()) {
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

TEST_P(MemoryTest, ReplacedRecordsAreFreedOnceReadersHaveLeft) {
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

TEST_P(MemoryTest, AReaderThatStaysKeepsItsRecordsAliveAndDoesNotHoldUpTheWriter) {
  for (const std::uint64_t mask : all_masks()) {
    close();
    options.hash = KeyHash(5, mask);
    EngineUnderTest& e = engine();
    const std::string large(10'000, 'x');
    e.put_now("mine", large);
    e.put_now("passing", large);
    {
      const auto guard = e.hold();
      const Record* mine = guard->find(e.probe("mine"));
      const Record* passing = guard->find(e.probe("passing"));
      ASSERT_NE(mine, nullptr);
      ASSERT_NE(passing, nullptr);
      // Every engine takes one batch under a reader.
      e.begin();
      ASSERT_TRUE(e.put("mine", "as it is"));
      ASSERT_TRUE(e.erase("passing"));
      e.publish();
      std::size_t batches = 0;
      for (; batches < 300 && e.table().try_begin_batch(0); ++batches) {
        for (std::size_t n = 0; n < 10; ++n) ASSERT_TRUE(e.put(numbered("grown", batches * 10 + n), "v"));
        ASSERT_TRUE(e.put("mine", numbered("v", batches)));
        ASSERT_TRUE(batches % 2 == 0 ? e.put("passing", "again") : e.erase("passing"));
        e.publish();
      }
      EXPECT_EQ(batches, GetParam().readers_block ? 0U : 300U);
      EXPECT_EQ(mine->value(), large);
      EXPECT_EQ(passing->value(), large);
      EXPECT_GE(e.table().stats().retired_bytes, 2 * large.size());
      const bool one_state = e.table().traits().atomic_batch;
      EXPECT_EQ(guard->find(e.probe("mine"))->value(), one_state ? large : numbered("v", batches - 1));
      EXPECT_EQ(guard->find(e.probe("passing")), one_state ? passing : nullptr);
    }
    e.settle();
    e.expect_content();
    if (kSanitized && mask == 0x3) break;
  }
}

// As many guards as the engine lets one thread hold beside its writer, each opened after another batch.
TEST_P(MemoryTest, WhatGuardsOfEveryRevisionFoundStays) {
  EngineUnderTest& e = engine();
  std::vector<std::unique_ptr<HeldGuard>> guards;
  std::vector<const Record*> found;
  std::size_t n = 1;
  for (; n <= 100 && e.table().try_begin_batch(0); ++n) {
    ASSERT_TRUE(n % 3 == 0 ? e.erase("a") : e.put("a", numbered("v", n)));
    ASSERT_TRUE(e.put(numbered("other", n), "v"));
    e.publish();
    guards.push_back(e.hold());
    EXPECT_EQ(guards.back()->revision(), n);
    found.push_back(guards.back()->find(e.probe("a")));
  }
  if (GetParam().readers_block) {
    EXPECT_EQ(guards.size(), 2U);
  } else {
    EXPECT_EQ(guards.size(), GetParam().name == "cuckoo_deletion_lock" ? 16U : 100U);
  }
  for (std::size_t i = 0; i < found.size(); ++i) {
    ASSERT_EQ(found[i] == nullptr, (i + 1) % 3 == 0);
    if (found[i] != nullptr) {
      EXPECT_EQ(found[i]->value(), numbered("v", i + 1));
    }
  }
  guards.clear();
  e.settle();
  e.expect_content();
}

TEST_P(MemoryTest, MemoryThatWaitsForAReaderIsBounded) {
  if (GetParam().name == "locked_map") return;  // vacuous: the simplest map keeps no such promise
  if (GetParam().readers_block) return;         // vacuous: nothing is retired under a reader, as shown above
  options.limits.max_retired_bytes = 1 << 20;
  EngineUnderTest& e = engine();
  const std::string value(1'000, 'v');
  e.put_now("key", value);
  {
    const auto guard = e.hold();
    ASSERT_NE(guard->find(e.probe("key")), nullptr);
    // Some engines protect for a reader only what it has looked up.
    ASSERT_NE(guard->find(e.probe("key")), nullptr);
    std::size_t batches = 0;
    bool refused = false;
    for (; batches < 20'000 && !refused && e.table().try_begin_batch(0); ++batches) {
      refused = !e.put("key", value);
      e.publish();
    }
    EXPECT_LT(batches, 20'000U) << "the bound was exceeded";
    // An engine that frees now waits for the reader; one that leaks refuses further writes.
    EXPECT_EQ(refused, e.table().stats().leak_full);
    if (!refused) {
      EXPECT_FALSE(e.table().try_begin_batch(0));
      EXPECT_EQ(e.table().stats().deferred_opens, 2U);
    }
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

// Filled and emptied again and again: nothing stays but the smallest table and what a pool may keep.
TEST_P(MemoryTest, AnEmptiedTableKeepsNothing) {
  constexpr std::size_t kKeys = 40;
  constexpr std::size_t kCycles = kSanitized ? 20 : 60;
  for (const std::uint64_t mask : all_masks()) {
    SCOPED_TRACE(mask);
    close();
    options.hash = KeyHash(5, mask);
    EngineUnderTest& e = engine();
    const std::uint64_t empty = e.table().stats().index_bytes;
    for (int round = 0; round < 3; ++round) {
      for (std::size_t first = 0; first < kCycles; ++first) {
        for (const bool erase : {false, true}) {
          e.begin();
          for (std::size_t n = first; n < first + kKeys; ++n) {
            ASSERT_TRUE(erase ? e.erase(numbered("key", n)) : e.put(numbered("key", n), "value"));
          }
          e.publish();
        }
      }
      e.settle();
      const EngineStats stats = e.table().stats();
      EXPECT_EQ(stats.keys, 0U);
      EXPECT_EQ(stats.record_bytes, 0U);
      EXPECT_EQ(stats.retired_bytes, stats.leaked_bytes);
      EXPECT_LE(stats.index_bytes, empty + kept_bytes()) << round;
      if (e.leaks()) continue;
      EXPECT_EQ(stats.leaked_bytes, 0U);
      expect_records(0);
    }
  }
}

// Whatever was prepared and not used lapses, and is not prepared again and again.
TEST_P(MemoryTest, ReservationsLapseAtPublish) {
  for (const std::uint64_t mask : all_masks()) {
    SCOPED_TRACE(mask);
    // A promise to a tree of wide nodes, or to a chain of colliding keys, is large.
    const bool many = !kSanitized && mask == ~std::uint64_t{0} && !is_word_engine(GetParam());
    const std::size_t unused = many ? 3'000 : 40;
    close();
    options.hash = KeyHash(5, mask);
    EngineUnderTest& e = engine();
    e.begin();
    for (std::size_t n = 0; n < 100; ++n) ASSERT_TRUE(e.put(numbered("k", n), "v"));
    e.publish();
    const std::uint64_t at_first = e.table().stats().index_bytes;
    std::uint64_t after_two = 0;
    for (std::size_t batch = 0; batch < 20; ++batch) {
      e.begin();
      for (std::size_t n = 0; n < unused; ++n) {
        const std::string key = numbered("unused", batch % 2 * unused + n);
        const Probe p = e.probe(key);
        ASSERT_TRUE(e.table().reserve({&p, 1}));
        ASSERT_EQ(e.table().find(p), nullptr);
      }
      e.publish();
      if (batch == 1) after_two = e.table().stats().index_bytes;
    }
    e.settle();
    EXPECT_LE(after_two, at_first + 100'000 + 100 * unused);
    EXPECT_LE(e.table().stats().index_bytes, after_two);
    EXPECT_EQ(e.read("unused7"), "(absent)");
    e.expect_content();
  }
}

// A warm engine that keeps gaining and losing keys needs no more memory than at first. Measured once its
// garbage is freed: how much waits in between depends on the thread that ends grace periods.
class ChurnTest : public MemoryTest {};
const auto is_bounded = [](const EngineCase& c) {  // others refuse, at the latest after so many
  return c.make(KeyHash(1)).table->traits().bounded_garbage;
};
INSTANTIATE_TEST_SUITE_P(Engines, ChurnTest, ::testing::ValuesIn(only(engine_cases(), is_bounded)),
                         EngineName{});

TEST_P(ChurnTest, AMillionInsertionsAndRemovalsLeaveNothing) {
  EngineUnderTest& e = engine();
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
