// The nodes that critnib-leak keeps.
#include <gtest/gtest.h>

#include <string>

#include "tests/storage/engine/critnib/tree_view.h"
#include "tests/support/engine_batch.h"

namespace flashkv::test {
namespace {

constexpr std::uint64_t kNode = sizeof(critnib::Node);
const KeyHash kHash{3};

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

}  // namespace
}  // namespace flashkv::test
