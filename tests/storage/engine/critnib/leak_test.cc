// critnib-leak at its bound: writes are refused, reads go on, everything is freed with the engine.
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "storage/table/any_engine_of.h"
#include "tests/storage/engine/critnib/tree_view.h"
#include "tests/support/engine_batch.h"
#include "tests/support/store_fixture.h"

namespace flashkv::test {
namespace {

constexpr std::uint64_t kNode = sizeof(critnib::Node);
constexpr std::uint64_t kCap = 20 * kNode;
const KeyHash kHash{3};

EngineOptions capped(const EngineOptions& options) {
  EngineOptions o = options;
  o.limits.max_retired_bytes = kCap;
  return o;
}

TEST(CritnibLeakTest, CountsTheNodesItKeepsAndNothingElse) {
  const std::int64_t records = Record::live();
  {
    CritnibLeak engine(word_options(kHash));
    std::uint64_t revision = 0;
    const auto batch = [&](auto writes) {
      ASSERT_TRUE(engine.try_begin_batch(0));
      writes();
      engine.publish(++revision);
      ASSERT_TRUE(engine.try_begin_batch(0));
    };
    batch([&] {
      for (std::uint64_t n = 0; n < 100; ++n) stage_put(engine, kHash, named("key", n), "v", 1);
    });
    EXPECT_EQ(engine.stats().leaked_bytes, 0U);
    batch([&] {
      for (std::uint64_t n = 0; n < 100; ++n) stage_put(engine, kHash, named("key", n), "w", 1);
      stage_erase(engine, kHash, "absent");
    });
    EXPECT_EQ(engine.stats().leaked_bytes, 0U) << "neither overwriting nor an absent key takes a node out";
    const std::size_t nodes = CritnibView(engine.index(), kHash).nodes.size();
    const std::uint64_t index = engine.stats().index_bytes;
    batch([&] {
      for (std::uint64_t n = 0; n < 100; ++n) stage_erase(engine, kHash, named("key", n));
    });
    const EngineStats s = engine.stats();
    EXPECT_EQ(s.leaked_bytes, nodes * kNode) << "every node that stood";
    EXPECT_EQ(s.retired_bytes, s.leaked_bytes) << "records are freed all the same";
    EXPECT_EQ(s.index_bytes, index - nodes * kNode) << "counted once";
    EXPECT_FALSE(s.leak_full);
    EXPECT_EQ(Record::live(), records);
  }
  EXPECT_EQ(Record::live(), records);
}

TEST(CritnibLeakTest, AboveTheCapNothingIsPreparedEverAgain) {
  const std::int64_t records = Record::live();
  {
    CritnibLeak engine(capped(word_options(kHash)));
    const Probe a{"a", kHash("a")};
    const Probe b{"b", kHash("b")};
    const auto prepares = [&](const Probe& probe) {
      EXPECT_TRUE(engine.try_begin_batch(0));
      return engine.reserve({&probe, 1});
    };
    std::uint64_t revision = 0;
    ASSERT_TRUE(prepares(a));
    engine.upsert(Record::make("a", "v", Record::Expiry::kNone).release(), a.hash);
    engine.publish(++revision);
    std::uint64_t removals = 0;
    for (; prepares(b); ++removals) {
      EXPECT_LE(engine.stats().leaked_bytes, kCap);
      engine.upsert(Record::make("b", "w", Record::Expiry::kNone).release(), b.hash);
      engine.publish(++revision);
      ASSERT_TRUE(prepares(b));
      engine.erase(b);
      engine.publish(++revision);
      ASSERT_LE(removals, 1'000U);
    }
    EXPECT_EQ(removals, kCap / kNode + 1);
    EXPECT_TRUE(engine.stats().leak_full);
    const std::uint64_t leaked = engine.stats().leaked_bytes;
    EXPECT_EQ(leaked, kCap + kNode) << "one batch beyond at most";
    for (int i = 0; i < 5; ++i) {
      EXPECT_FALSE(prepares(a));
      EXPECT_FALSE(prepares(b));
      EXPECT_EQ(seen(engine, a), "v");
      EXPECT_EQ(seen(engine, b), "none");
      engine.publish(++revision);
    }
    EXPECT_EQ(engine.stats().leaked_bytes, leaked);
    EXPECT_EQ(engine.published(), revision);
  }
  EXPECT_EQ(Record::live(), records);
}

// What readers stood in is untouched for as long as the engine lives.
TEST(CritnibLeakTest, AKeptNodeIsNeverWrittenAgain) {
  const KeyHash hash{1, 1};
  CritnibLeak engine(word_options(hash));
  const std::string stays = key_with(hash, 0);
  const std::string comes = key_with(hash, 1);
  ASSERT_TRUE(engine.try_begin_batch(0));
  stage_put(engine, hash, stays, "v", 1);
  stage_put(engine, hash, comes, "w", 1);
  const critnib::Node* node = critnib::Node::from(engine.index().root().load(sync::kAcquire));
  stage_erase(engine, hash, comes);
  engine.publish(1);
  for (std::uint64_t i = 2; i < 50; ++i) {
    ASSERT_TRUE(engine.try_begin_batch(0));
    stage_put(engine, hash, comes, "w", 1);
    const std::uintptr_t root = engine.index().root().load(sync::kAcquire);
    ASSERT_NE(critnib::Node::from(root), node);
    stage_erase(engine, hash, comes);
    engine.publish(i);
    EXPECT_EQ(node->shift(), 0U);
    EXPECT_EQ(Leaf(node->towards(0).load(sync::kAcquire)).find(stays)->value(), "v");
    EXPECT_EQ(node->towards(1).load(sync::kAcquire), 0U);
  }
}

TestTable make_capped(const EngineOptions& options) {
  return {std::make_unique<AnyEngineOf<WithOverlay<CritnibLeak>>>(capped(options)), nullptr};
}
class CappedCritnibTest : public StoreTest {};
INSTANTIATE_TEST_SUITE_P(Engines, CappedCritnibTest,
                         ::testing::Values(EngineCase{"critnib_leak_capped", &make_capped, false}),
                         EngineName{});

TEST_P(CappedCritnibTest, TheWriterRefusesAndReadsGoOn) {
  Call first;
  ASSERT_TRUE(run(first.put("a", "1")).status.ok());
  int taken = 0;
  for (;; ++taken) {
    Call put;
    run(put.put("b", std::to_string(taken)));
    if (!put.status.ok()) {
      EXPECT_EQ(put.status.code, Code::kResourceExhausted);
      break;
    }
    Call erase;
    ASSERT_TRUE(run(erase.erase("b")).status.ok());
    ASSERT_LE(taken, 1'000);
  }
  EXPECT_EQ(taken, 21);
  const std::uint64_t revision = store().published_revision();
  for (int i = 0; i < 3; ++i) {
    Call again;
    EXPECT_EQ(run(again.put("a", "2")).status.code, Code::kResourceExhausted);
    EXPECT_EQ(value_of("a"), "1");
    EXPECT_EQ(value_of("b"), std::nullopt);
  }
  EXPECT_EQ(store().published_revision(), revision);
  EXPECT_GT(store().stats().engine.leaked_bytes, kCap);
}

}  // namespace
}  // namespace flashkv::test
