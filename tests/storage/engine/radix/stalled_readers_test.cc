// Readers that stall in the middle of their lookups, at every node, while the tree changes.
#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "tests/storage/engine/radix/tree_view.h"
#include "tests/support/engine_batch.h"

namespace flashkv::test {
namespace {

constexpr unsigned kPermanent = 8;
constexpr unsigned kPassing = 16;
constexpr unsigned kAbsent = 4;

// Purpose: a lookup one step at a time, in a read section of its own.
template <typename E>
class StalledReader {
 public:
  StalledReader(E& engine, const std::string& key, std::uint64_t word)
      : section_(std::make_unique<Pinned<E>>(engine)),
        slices_(engine.index().slices()),
        node_(&engine.index().root()),
        key_(key),
        word_(word) {}

  // One node down; false once it has come to a leaf or to nothing.
  bool step() {
    const std::uintptr_t seen = node_->slot(slices_.index(word_, level_)).load(sync::kAcquire);
    if (!radix::Node::is_node(seen)) return false;
    node_ = radix::Node::from(seen);
    ++level_;
    return true;
  }
  const Record* finish() {
    while (step()) {
    }
    return Leaf(node_->slot(slices_.index(word_, level_)).load(sync::kAcquire)).find(key_);
  }
  const std::string& key() const { return key_; }

 private:
  std::unique_ptr<Pinned<E>> section_;
  radix::Slices slices_;
  const radix::Node* node_;
  unsigned level_ = 0;
  std::string key_;
  std::uint64_t word_;
};

using StalledInShape = ShapeTest;
INSTANTIATE_TEST_SUITE_P(All, StalledInShape, ::testing::ValuesIn(all_shapes()), ShapeName{});

// Wherever a reader stalls, and whatever happens meanwhile, it finds the key that is there all the time; the
// nodes below it stay alive (the address sanitizer checks).
TEST_P(StalledInShape, FindTheirKeyFromEveryNode) {
  const int batches = GetParam().bits > 11 || kSanitized ? 24 : 120;
  for (const std::uint64_t mask :
       {std::uint64_t{0x333}, std::uint64_t{0x333} << 52, std::uint64_t{0x8000'0000'0101'0003}}) {
    const KeyHash hash{4, mask};
    const std::int64_t records = Record::live();
    GetParam().run(hash, [&](auto& engine) {
      using E = std::remove_reference_t<decltype(engine)>;
      std::mt19937_64 random(mask);
      std::vector<std::string> keys;
      for (unsigned n = 0; n < kPermanent; ++n) keys.push_back(named("permanent", n));
      for (unsigned n = 0; n < kPassing; ++n) keys.push_back(named("passing", n));
      for (unsigned n = 0; n < kAbsent; ++n) keys.push_back(named("absent", n));
      ASSERT_TRUE(engine.try_begin_batch(0));
      for (unsigned n = 0; n < kPermanent + kPassing; ++n) stage_put(engine, hash, keys[n], "v0", 0);
      engine.publish(1);
      std::vector<StalledReader<E>> stalled;
      for (int batch = 0; batch < batches; ++batch) {
        // One for each node on the way of each key.
        for (std::size_t n = 0; n < keys.size(); ++n) {
          if (n >= kPermanent && n < kPermanent + kPassing) continue;
          const std::uint64_t word = engine.index().word(hash(keys[n]));
          unsigned steps = 0;
          for (bool deeper = true; deeper; ++steps) {
            StalledReader<E> reader(engine, keys[n], word);
            for (unsigned i = 0; i < steps && deeper; ++i) deeper = reader.step();
            if (random() % 4 == 0) stalled.push_back(std::move(reader));
          }
        }
        ASSERT_TRUE(engine.try_begin_batch(0));
        const bool empties = batch % 3 != 0;
        for (unsigned n = kPermanent; n < kPermanent + kPassing; ++n) {
          if (random() % 4 == 0) continue;
          if (empties) {
            stage_erase(engine, hash, keys[n]);
          } else {
            stage_put(engine, hash, keys[n], "v", 1);
          }
        }
        const unsigned rewritten = static_cast<unsigned>(random() % kPermanent);
        stage_put(engine, hash, keys[rewritten], named("v", static_cast<std::uint64_t>(batch)), 1);
        engine.publish(static_cast<std::uint64_t>(batch) + 2);
        // Some go on now, others see more batches first.
        for (std::size_t i = 0; i < stalled.size();) {
          if (random() % 3 != 0) {
            ++i;
            continue;
          }
          const Record* found = stalled[i].finish();
          ASSERT_EQ(found != nullptr, stalled[i].key()[0] == 'p')
              << stalled[i].key() << " in batch " << batch;
          if (found != nullptr) {
            ASSERT_EQ(found->key(), stalled[i].key());
            ASSERT_EQ(found->value()[0], 'v');
          }
          std::swap(stalled[i], stalled.back());
          stalled.pop_back();
        }
      }
      stalled.clear();
      ASSERT_TRUE(engine.try_begin_batch(0));
      engine.publish(1'000);
      ASSERT_TRUE(engine.try_begin_batch(0));
      EXPECT_EQ(engine.stats().retired_bytes, 0U);
    });
    EXPECT_EQ(Record::live(), records);
  }
}

// A removed node is kept for the reader in it, and freed after that reader leaves.
TEST_P(StalledInShape, KeepTheirNodesAndNoOthers) {
  const KeyHash hash{4, 0x33};
  GetParam().run(hash, [&](auto& engine) {
    ASSERT_TRUE(engine.try_begin_batch(0));
    for (std::uint64_t n = 0; n < 30; ++n) stage_put(engine, hash, named("key", n), "v", 0);
    engine.publish(1);
    {
      Pinned section(engine);
      ASSERT_TRUE(engine.try_begin_batch(0));
      for (std::uint64_t n = 0; n < 30; ++n) stage_erase(engine, hash, named("key", n));
      const std::uint64_t before = engine.index().bytes();
      engine.publish(2);
      const std::uint64_t root = radix::Node::bytes_for(engine.index().slices().bits);
      const bool has_nodes = before > root + radix::NodePool::kKeptBytes;
      ASSERT_TRUE(engine.try_begin_batch(0));
      if (has_nodes) {
        EXPECT_GE(engine.stats().retired_bytes, before - root - radix::NodePool::kKeptBytes);
      }
      EXPECT_GE(engine.stats().retired_bytes, 30U * 32);
      engine.publish(3);
    }
    ASSERT_TRUE(engine.try_begin_batch(0));
    EXPECT_EQ(engine.stats().retired_bytes, 0U);
  });
}

}  // namespace
}  // namespace flashkv::test
