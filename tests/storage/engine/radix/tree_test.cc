// Trees of every width, order and kind: where leaves are, when nodes are added and when they are removed.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/storage/engine/radix/tree_view.h"
#include "tests/support/random_batches.h"

namespace flashkv::test {
namespace {

using radix::Tails;

template <typename E>
void put_now(E& engine, const KeyHash& hash, const std::string& key) {
  ASSERT_TRUE(engine.try_begin_batch(0));
  stage_put(engine, hash, key, "v", 1);
  engine.publish(engine.published() + 1);
}
template <typename E>
void erase_now(E& engine, const KeyHash& hash, const std::string& key) {
  ASSERT_TRUE(engine.try_begin_batch(0));
  stage_erase(engine, hash, key);
  engine.publish(engine.published() + 1);
}

using RadixShape = ShapeTest;
INSTANTIATE_TEST_SUITE_P(All, RadixShape, ::testing::ValuesIn(all_shapes()), ShapeName{});

// Every batch leaves a tree in which each node is needed and each leaf is where its word leads.
TEST_P(RadixShape, RandomBatchesLeaveAWellFormedTree) {
  // Nodes of wide slices are large: fewer keys there.
  const std::uint64_t range = GetParam().bits > 11 || kSanitized ? 24 : 80;
  for (const std::uint64_t mask : word_masks()) {
    const std::int64_t records = Record::live();
    const KeyHash hash{9, mask};
    GetParam().run(hash, [&](auto& engine) {
      RandomBatches batches(mask, {.range = range, .most = range, .flip = 5});
      for (std::uint64_t batch = 1; batch <= (kSanitized ? 20 : 40); ++batch) {
        ASSERT_TRUE(engine.try_begin_batch(0));
        stage(engine, hash, batches.next(), batch);
        engine.publish(batch);
        const TreeView view(engine.index(), hash, GetParam().tails);
        ASSERT_FALSE(HasFatalFailure()) << "batch " << batch << ", mask " << mask;
        ASSERT_EQ(view.records, batches.model().size());
        ASSERT_LE(view.bytes, engine.index().bytes());
        ASSERT_LE(engine.index().bytes(), view.bytes + radix::NodePool::kKeptBytes) << "beside the pool";
        ASSERT_NO_FATAL_FAILURE(expect_published(engine, hash, batches));
      }
      ASSERT_TRUE(engine.try_begin_batch(0));
      for (const auto& [key, value] : batches.model()) stage_erase(engine, hash, key);
      engine.publish(100);
      EXPECT_EQ(TreeView(engine.index(), hash, GetParam().tails).nodes, 1U) << "the root alone";
      ASSERT_TRUE(engine.try_begin_batch(0));
      EXPECT_EQ(engine.stats().retired_bytes, 0U);
      EXPECT_EQ(Record::live(), records);
    });
  }
}

// Two words that part at the last bit or at the first: with full tails each has its whole path, compressed
// they share what is common and one node more.
TEST_P(RadixShape, NodesStandOnlyWhereTheyAreNeeded) {
  for (const unsigned bit : {0U, 63U}) {
    const KeyHash hash{1, std::uint64_t{1} << bit};
    GetParam().run(hash, [&](auto& engine) {
      const radix::Slices s = engine.index().slices();
      const std::string zero = key_with(hash, 0);
      const std::string one = key_with(hash, std::uint64_t{1} << bit);
      const bool late = (bit == 0) == (GetParam().order == WordOrder::kForward);
      const bool full = GetParam().tails == Tails::kFull;
      put_now(engine, hash, zero);
      EXPECT_EQ(TreeView(engine.index(), hash, GetParam().tails).nodes, full ? s.levels : 1U);
      put_now(engine, hash, one);
      const TreeView both(engine.index(), hash, GetParam().tails);
      const std::size_t early_nodes = full ? 2 * s.levels - 1 : 1U;
      EXPECT_EQ(both.nodes, late ? s.levels : early_nodes);
      EXPECT_EQ(both.leaves, 2U);
      EXPECT_EQ(both.deepest, full || late ? s.last() : 0U);
      erase_now(engine, hash, zero);
      const TreeView left(engine.index(), hash, GetParam().tails);
      EXPECT_EQ(left.nodes, full ? s.levels : 1U) << "a leaf that is alone moves up";
      EXPECT_EQ(seen(engine, {one, hash(one)}), "v");
      EXPECT_EQ(seen(engine, {zero, hash(zero)}), "none");
      EXPECT_GT(engine.stats().retired_bytes, 0U);
    });
  }
}

// Keys that share a word share a leaf, wherever it moves.
TEST_P(RadixShape, ACollisionChainMovesWithItsLeaf) {
  const KeyHash hash{1, 1};
  GetParam().run(hash, [&](auto& engine) {
    std::vector<std::string> chained;
    for (unsigned i = 0; i < 4; ++i) chained.push_back(key_with(hash, 0, i));
    const std::string other = key_with(hash, 1);
    for (const std::string& key : chained) put_now(engine, hash, key);
    for (int round = 0; round < 3; ++round) {
      put_now(engine, hash, other);
      EXPECT_EQ(TreeView(engine.index(), hash, GetParam().tails).leaves, 2U);
      for (const std::string& key : chained) EXPECT_EQ(seen(engine, {key, 0}), "v");
      erase_now(engine, hash, chained.back());
      EXPECT_EQ(seen(engine, {chained.back(), 0}), "none");
      erase_now(engine, hash, other);
      const TreeView alone(engine.index(), hash, GetParam().tails);
      EXPECT_EQ(alone.leaves, 1U);
      EXPECT_EQ(alone.records, 3U);
      put_now(engine, hash, chained.back());
    }
  });
}

// A batch that erases and brings back, splits and joins, in one publish.
TEST_P(RadixShape, NodesThatOneBatchBuildsAndEmptiesDoNotStay) {
  const KeyHash hash{1, 0x7};
  GetParam().run(hash, [&](auto& engine) {
    put_now(engine, hash, key_with(hash, 0));
    const std::uint64_t nodes = TreeView(engine.index(), hash, GetParam().tails).nodes;
    ASSERT_TRUE(engine.try_begin_batch(0));
    for (std::uint64_t word = 1; word < 8; ++word) stage_put(engine, hash, key_with(hash, word), "v", 1);
    stage_erase(engine, hash, key_with(hash, 0));
    stage_put(engine, hash, key_with(hash, 0), "again", 1);
    for (std::uint64_t word = 1; word < 8; ++word) stage_erase(engine, hash, key_with(hash, word));
    engine.publish(2);
    const TreeView view(engine.index(), hash, GetParam().tails);
    EXPECT_EQ(view.nodes, nodes);
    EXPECT_EQ(view.leaves, 1U);
    EXPECT_EQ(seen(engine, {key_with(hash, 0), 0}), "again");
  });
}

TEST(RadixDefaults, AreFourBitsAndEight) {
  EXPECT_EQ(RadixEngine<reclaim::Epoch>(EngineOptions{}).index().slices().bits, 4U);
  EXPECT_EQ(CompressedRadixEngine<reclaim::Epoch>(EngineOptions{}).index().slices().bits, 8U);
}

TEST(RadixDefaults, AnotherWidthEndsTheProcess) {
  EXPECT_DEATH(RadixEngine<reclaim::Epoch>(word_options(KeyHash{}, 5)), "slice_bits");
}

TEST(NodePoolTest, PromisesAddUpAndLapse) {
  const radix::Slices slices(8);
  radix::NodePool pool(slices);
  const std::size_t node = pool.bytes_at(0);
  ASSERT_TRUE(pool.reserve(1, 3));
  ASSERT_TRUE(pool.reserve(7, 7));
  EXPECT_EQ(pool.bytes(), 4 * node);
  const auto mark = pool.mark();
  ASSERT_TRUE(pool.reserve(1, 2));
  pool.roll_back(mark);
  ASSERT_TRUE(pool.reserve(1, 2));
  EXPECT_EQ(pool.bytes(), 6 * node) << "what was taken back serves the next";
  radix::Node* taken = pool.take(2);
  EXPECT_EQ(taken->used(), 0U);
  for (std::size_t i = 0; i < 256; ++i) EXPECT_EQ(taken->peek(i), 0U);
  radix::Node::destroy(taken);
  pool.drop_reservations();
  ASSERT_TRUE(pool.reserve(1, 4));
  EXPECT_EQ(pool.bytes(), 5 * node) << "what lapsed is used first";
  ASSERT_TRUE(pool.reserve(4, 3)) << "no level at all";
  EXPECT_EQ(pool.bytes(), 5 * node);
}

TEST(NodePoolTest, KeepsLittleFromBatchToBatch) {
  radix::NodePool pool(radix::Slices(11));
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(pool.reserve(1, 5));
  EXPECT_GT(pool.bytes(), 10 * radix::NodePool::kKeptBytes);
  pool.drop_reservations();
  EXPECT_LE(pool.bytes(), radix::NodePool::kKeptBytes);
  EXPECT_GT(pool.bytes(), 0U);
}

TEST(NodePoolTest, TakingWhatWasNotReservedEndsTheProcess) {
  radix::NodePool pool(radix::Slices(8));
  ASSERT_TRUE(pool.reserve(7, 7));
  EXPECT_DEATH(pool.take(1), "not reserved");
}

}  // namespace
}  // namespace flashkv::test
