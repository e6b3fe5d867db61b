// The structure of a critnib: where leaves are, when nodes are added and when they are removed.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/storage/engine/critnib/tree_view.h"
#include "tests/support/random_batches.h"

namespace flashkv::test {
namespace {

using critnib::Node;

template <typename E>
class CritnibTree : public ::testing::Test {};
using CritnibEngines = ::testing::Types<Critnib, ShortLivedCritnib, CritnibLeak>;
TYPED_TEST_SUITE(CritnibTree, CritnibEngines);

TYPED_TEST(CritnibTree, RandomBatchesLeaveAWellFormedTree) {
  std::vector<std::uint64_t> masks = word_masks();
  for (unsigned shift = 0; shift < 64; shift += 7)
    masks.push_back(std::uint64_t{0x2000'0000'0000'0005} << shift);
  for (const std::uint64_t mask : masks) {
    const std::int64_t records = Record::live();
    {
      const KeyHash hash{9, mask};
      TypeParam engine(word_options(hash));
      RandomBatches batches(mask, {.range = 80, .most = 80, .flip = 10});
      for (std::uint64_t batch = 1; batch <= 60; ++batch) {
        ASSERT_TRUE(engine.try_begin_batch(0));
        stage(engine, hash, batches.next(), batch);
        engine.publish(batch);
        const CritnibView view(engine.index(), hash);
        ASSERT_FALSE(this->HasFatalFailure()) << "batch " << batch << ", mask " << mask;
        ASSERT_EQ(view.records, batches.model().size());
        ASSERT_NO_FATAL_FAILURE(expect_published(engine, hash, batches));
      }
    }
    EXPECT_EQ(Record::live(), records);
  }
}

// Words that part at every bit there is, the first and the last included.
TYPED_TEST(CritnibTree, WordsPartAtEveryBit) {
  for (unsigned bit = 0; bit < 64; ++bit) {
    const KeyHash hash{1, std::uint64_t{1} << bit};
    TypeParam engine(word_options(hash));
    const std::string zero = key_with(hash, 0);
    const std::string one = key_with(hash, std::uint64_t{1} << bit);
    ASSERT_TRUE(engine.try_begin_batch(0));
    stage_put(engine, hash, zero, "0", 1);
    EXPECT_EQ(CritnibView(engine.index(), hash).nodes.size(), 0U)
        << "the first leaf of all stands in the root";
    EXPECT_EQ(seen(engine, {zero, hash(zero)}), "0");
    EXPECT_EQ(seen(engine, {one, hash(one)}), "none");
    stage_put(engine, hash, one, "1", 1);
    const CritnibView view(engine.index(), hash);
    ASSERT_EQ(view.nodes.size(), 1U);
    EXPECT_EQ((*view.nodes.begin())->shift(), bit - bit % Node::kNibble);
    EXPECT_EQ(seen(engine, {zero, hash(zero)}), "0");
    EXPECT_EQ(seen(engine, {one, hash(one)}), "1");
    stage_erase(engine, hash, zero);
    EXPECT_EQ(CritnibView(engine.index(), hash).nodes.size(), 0U);
    EXPECT_EQ(seen(engine, {one, hash(one)}), "1");
    stage_erase(engine, hash, one);
    EXPECT_EQ(CritnibView(engine.index(), hash).leaves, 0U);
    engine.publish(1);
  }
}

// A node whose word was erased keeps its place: its path is what all below have in common.
TYPED_TEST(CritnibTree, ANodeOutlivesTheWordItWasMadeFor) {
  const KeyHash hash{1, 0x111};
  TypeParam engine(word_options(hash));
  const auto key = [&](std::uint64_t word) { return key_with(hash, word); };
  ASSERT_TRUE(engine.try_begin_batch(0));
  for (const std::uint64_t word : {0x000, 0x001, 0x010}) stage_put(engine, hash, key(word), "v", 1);
  stage_put(engine, hash, key(0x100), "v", 1);
  stage_erase(engine, hash, key(0x100));
  stage_put(engine, hash, key(0x110), "v", 1);
  stage_erase(engine, hash, key(0x001));
  stage_put(engine, hash, key(0x101), "v", 1);
  stage_put(engine, hash, key(0x001), "v", 1);
  engine.publish(1);
  EXPECT_EQ(CritnibView(engine.index(), hash).leaves, 5U);
  for (const std::uint64_t word : {0x000, 0x001, 0x010, 0x101, 0x110}) {
    EXPECT_EQ(seen(engine, {key(word), word}), "v") << word;
  }
  EXPECT_EQ(seen(engine, {key(0x100), 0x100}), "none");
}

// One key is replaced by another with the same word: the node removed with the first cannot be reused yet.
TYPED_TEST(CritnibTree, AWordThatChangesItsKeyInOneBatchHasItsNode) {
  const KeyHash hash{1, 0x101};
  TypeParam engine(word_options(hash));
  ASSERT_TRUE(engine.try_begin_batch(0));
  for (const std::uint64_t word : {0x000, 0x001, 0x100, 0x101}) {
    stage_put(engine, hash, key_with(hash, word), "v", 1);
  }
  engine.publish(1);
  ASSERT_TRUE(engine.try_begin_batch(0));
  std::vector<std::string> keys;
  for (const std::uint64_t word : {0x001, 0x101}) {
    for (const unsigned skip : {0U, 1U}) keys.push_back(key_with(hash, word, skip));
  }
  std::vector<Probe> probes;
  for (const std::string& key : keys) probes.push_back({key, hash(key)});
  ASSERT_TRUE(engine.reserve(probes));
  for (const std::size_t gone : {0U, 2U}) engine.erase(probes[gone]);
  for (const std::size_t come : {1U, 3U}) {
    engine.upsert(Record::make(keys[come], "w", Record::Expiry::kNone).release(), probes[come].hash);
  }
  engine.publish(2);
  EXPECT_EQ(CritnibView(engine.index(), hash).nodes.size(), 3U);
  for (std::size_t i = 0; i < keys.size(); ++i) EXPECT_EQ(seen(engine, probes[i]), i % 2 == 0 ? "none" : "w");
}

TYPED_TEST(CritnibTree, OverwritingBuildsNoNode) {
  const KeyHash hash{1, 0xff};
  TypeParam engine(word_options(hash));
  ASSERT_TRUE(engine.try_begin_batch(0));
  for (std::uint64_t n = 0; n < 50; ++n) stage_put(engine, hash, named("key", n), "v", 1);
  engine.publish(1);
  const std::uint64_t bytes = engine.index().bytes();
  const auto nodes = CritnibView(engine.index(), hash).nodes;
  for (std::uint64_t batch = 2; batch < 20; ++batch) {
    ASSERT_TRUE(engine.try_begin_batch(0));
    for (std::uint64_t n = 0; n < 50; ++n) stage_put(engine, hash, named("key", n), "w", batch);
    engine.publish(batch);
  }
  EXPECT_EQ(CritnibView(engine.index(), hash).nodes, nodes);
  // Where keys share a word, a promise may have been for more than was needed.
  EXPECT_LE(engine.index().bytes(), bytes + 50 * sizeof(Node));
  EXPECT_EQ(engine.index().leaked_bytes(), 0U);
}

}  // namespace
}  // namespace flashkv::test
