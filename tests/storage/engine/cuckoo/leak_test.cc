// cuckoo-leak at its bound: writes are refused, reads go on, everything is freed with the engine.
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "storage/table/any_engine_of.h"
#include "tests/storage/engine/cuckoo/cuckoo_engines.h"
#include "tests/support/engine_batch.h"
#include "tests/support/store_fixture.h"

namespace flashkv::test {
namespace {

constexpr std::uint64_t kCap = 20'000;

EngineOptions capped(KeyHash hash) {
  EngineOptions options;
  options.hash = hash;
  options.limits.max_retired_bytes = kCap;
  return options;
}

TEST(CuckooLeakTest, KeepsWhatItCannotFreeAndCountsIt) {
  const std::int64_t records = Record::live();
  const KeyHash hash{3};
  {
    CuckooLeak engine(capped(hash));
    std::uint64_t kept = 0;
    std::uint64_t revision = 0;
    for (int i = 0; i < 20; ++i) {
      ASSERT_TRUE(engine.try_begin_batch(0));
      kept += engine.staged().bytes();
      if (const Record* old = engine.find({"a", hash("a")})) kept += old->bytes();
      stage_put(engine, hash, "a", named("v", revision), revision);
      engine.publish(++revision);
      EXPECT_EQ(engine.stats().retired_bytes, kept);
    }
  }
  EXPECT_EQ(Record::live(), records);
}

TEST(CuckooLeakTest, AboveTheCapNothingIsPreparedEverAgain) {
  const std::int64_t records = Record::live();
  const KeyHash hash{3};
  {
    CuckooLeak engine(capped(hash));
    const Probe a{"a", hash("a")};
    const auto prepares = [&] {
      EXPECT_TRUE(engine.try_begin_batch(0));
      return engine.reserve({&a, 1});
    };
    std::uint64_t revision = 0;
    auto reader = engine.make_reader();
    while (prepares()) {
      EXPECT_LE(engine.stats().retired_bytes, kCap);
      engine.upsert(Record::make("a", named("v", revision), Record::Expiry::kNone).release(), a.hash);
      engine.publish(++revision);
      ASSERT_LE(revision, 1000U);
    }
    const EngineStats s = engine.stats();
    EXPECT_GT(revision, 20U);
    EXPECT_GT(s.retired_bytes, kCap);
    EXPECT_LE(s.retired_bytes, kCap + s.index_bytes + 100) << "one batch beyond at most";
    for (int i = 0; i < 5; ++i) {
      EXPECT_FALSE(prepares());
      EXPECT_EQ(seen(engine, a), named("v", revision - 1));
      EXPECT_EQ(engine.find(a)->value(), named("v", revision - 1));
      engine.publish(revision + 1 + static_cast<std::uint64_t>(i));
    }
    EXPECT_EQ(reader.enter().revision(), revision + 5);
    EXPECT_EQ(engine.stats().retired_bytes, s.retired_bytes);
  }
  EXPECT_EQ(Record::live(), records);
}

// Guards from every table, all of them still good at the end.
TEST(CuckooLeakTest, WhatAGuardFoundStaysUntilTheClose) {
  const KeyHash hash{3};
  const Probe a{"a", hash("a")};
  CuckooLeak engine(EngineOptions{});
  auto reader = engine.make_reader();
  std::vector<const Record*> found;
  for (std::uint64_t revision = 1; revision <= 100; ++revision) {
    ASSERT_TRUE(engine.try_begin_batch(0));
    if (revision % 3 == 0) {
      stage_erase(engine, hash, "a");
    } else {
      stage_put(engine, hash, "a", named("v", revision), revision);
    }
    engine.publish(revision);
    auto guard = reader.enter();
    found.push_back(guard.find(a));
  }
  for (std::uint64_t revision = 1; revision <= 100; ++revision) {
    const Record* r = found[revision - 1];
    ASSERT_EQ(r == nullptr, revision % 3 == 0);
    if (r != nullptr) {
      EXPECT_EQ(r->value(), named("v", revision));
    }
  }
}

TestTable make_capped(const EngineOptions& options) {
  return {std::make_unique<AnyEngineOf<CuckooLeak>>(capped(options.hash)), nullptr};
}
class CappedStoreTest : public StoreTest {};
INSTANTIATE_TEST_SUITE_P(Engines, CappedStoreTest,
                         ::testing::Values(EngineCase{"cuckoo_leak_capped", &make_capped, false}),
                         EngineName{});

TEST_P(CappedStoreTest, TheWriterRefusesAndReadsGoOn) {
  int taken = 0;
  for (;; ++taken) {
    Call call;
    run(call.put("a", std::to_string(taken)));
    if (!call.status.ok()) {
      EXPECT_EQ(call.status.code, Code::kResourceExhausted);
      break;
    }
    ASSERT_LE(taken, 1000);
  }
  EXPECT_GT(taken, 20);
  const std::uint64_t revision = store().published_revision();
  for (int i = 0; i < 3; ++i) {
    Call again;
    EXPECT_EQ(run(again.put("b", "1")).status.code, Code::kResourceExhausted);
    EXPECT_EQ(value_of("a"), std::to_string(taken - 1));
    EXPECT_EQ(value_of("b"), std::nullopt);
  }
  EXPECT_EQ(store().published_revision(), revision);
  EXPECT_GT(store().stats().engine.retired_bytes, kCap);
}

}  // namespace
}  // namespace flashkv::test
