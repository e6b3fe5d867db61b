// Removed nodes: when they are reused, what that does to lookups, and what counts as a removal.
#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <set>
#include <string>
#include <utility>

#include "storage/engine/critnib/critnib.h"
#include "storage/request/request.h"
#include "tests/storage/engine/critnib/tree_view.h"
#include "tests/support/engine_batch.h"

namespace flashkv::test {
namespace {

// A reader is sent back only when it slept through two batches of removals.
static_assert(critnib::kLife >= 2 * PublishPolicy{}.max_batch);

using critnib::Node;
constexpr std::uint64_t kLife = 4;  // of ShortLived

// Purpose: nodes whose lookups call back at the end of their walk, before they decide whether it was good.
struct PausedNodes : critnib::RecycledNodes<kLife> {
  struct Look : critnib::RecycledNodes<kLife>::Look {
    bool good() const noexcept {
      ++looks;
      if (pause) std::exchange(pause, nullptr)();
      return critnib::RecycledNodes<kLife>::Look::good();
    }
  };
  Look look() const noexcept { return {critnib::RecycledNodes<kLife>::look()}; }
  static inline std::function<void()> pause;
  static inline int looks = 0;
};
class Paused : public critnib::Tree<PausedNodes> {
 public:
  static constexpr std::string_view kName = "critnib-paused";
  using Tree::Tree;
};

// Two words, 0 and 1 in the last nibble, whose node is added and removed with the second.
template <typename E>
class Pair {
 public:
  Pair() : engine(word_options(hash)) {
    batch([this] { stage_put(engine, hash, stays, "v", 1); });
  }
  template <typename F>
  void batch(F writes) {
    ASSERT_TRUE(engine.try_begin_batch(0));
    writes();
    engine.publish(++revision);
  }
  void add() {
    batch([this] { stage_put(engine, hash, comes, "w", 1); });
  }
  void remove() {
    batch([this] { stage_erase(engine, hash, comes); });
  }
  const Node* node() const {
    const std::uintptr_t seen = engine.index().root().load(sync::kAcquire);
    return Node::is_node(seen) ? Node::from(seen) : nullptr;
  }
  // Removals of nodes, one a batch.
  void removals(std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i) {
      add();
      remove();
    }
  }

  const KeyHash hash{1, 1};
  const std::string stays = key_with(hash, 0);
  const std::string comes = key_with(hash, 1);
  const std::string absent = key_with(hash, 1, 1);
  mutable E engine;
  std::uint64_t revision = 0;
};
using PausedPair = Pair<WordEngine<reclaim::Epoch, Paused>>;

TEST(Recycling, ALookupThatSleptThroughTooManyRemovalsLooksAgain) {
  for (const std::uint64_t removals : {kLife - 1, kLife, kLife + 1, 5 * kLife}) {
    PausedPair pair;
    PausedNodes::looks = 0;
    PausedNodes::pause = [&] { pair.removals(removals); };
    const Probe probe{pair.stays, 0};
    auto reader = pair.engine.make_reader();
    auto guard = reader.enter();
    // The writer looks, too, while it prepares and applies.
    int writers = -PausedNodes::looks;
    const Record* found = guard.find(probe);
    writers += PausedNodes::looks;
    ASSERT_NE(found, nullptr);
    EXPECT_EQ(found->value(), "v");
    EXPECT_EQ(writers, removals < kLife ? 1 : 2) << removals << " removals";
  }
}

TEST(Recycling, ABatchOfLookupsThatSleptLooksAgainForEachKey) {
  PausedPair pair;
  pair.add();
  PausedNodes::looks = 0;
  PausedNodes::pause = [&] {
    pair.remove();
    pair.removals(kLife);
  };
  const std::vector<Probe> probes{{pair.stays, 0}, {pair.comes, 1}, {pair.absent, 1}};
  std::vector<const Record*> found(3);
  auto reader = pair.engine.make_reader();
  auto guard = reader.enter();
  guard.find_batch(probes, found);
  EXPECT_EQ(PausedNodes::looks, 4);
  ASSERT_NE(found[0], nullptr);
  EXPECT_EQ(found[0]->value(), "v");
  EXPECT_EQ(found[1], nullptr) << "what the first walk found was removed long ago";
  EXPECT_EQ(found[2], nullptr);
}

TEST(Recycling, FewerRemovalsSendNobodyBack) {
  PausedPair pair;
  pair.add();
  PausedNodes::looks = 0;
  PausedNodes::pause = [&] {
    pair.remove();
    pair.removals(kLife - 2);
  };
  auto reader = pair.engine.make_reader();
  auto guard = reader.enter();
  ASSERT_NE(guard.find({pair.comes, 1}), nullptr) << "an answer of the time when the lookup began";
  EXPECT_EQ(PausedNodes::looks, 1);
  EXPECT_EQ(guard.find({pair.comes, 1}), nullptr);
}

// Its memory shows no trace of a next life until more removals came than a reader tolerates.
TEST(Recycling, ANodeServesAgainOnlyAfterItsLife) {
  Pair<ShortLivedCritnib> pair;
  std::deque<const Node*> waiting;
  std::set<const Node*> all;
  for (int i = 0; i < 100; ++i) {
    pair.add();
    const Node* node = pair.node();
    ASSERT_NE(node, nullptr);
    all.insert(node);
    for (const Node* old : waiting) ASSERT_NE(node, old) << "a node came back after fewer removals";
    pair.remove();
    EXPECT_EQ(pair.node(), nullptr);
    waiting.push_back(node);
    if (waiting.size() > kLife) waiting.pop_front();
    ASSERT_LE(pair.engine.index().nodes().waiting(), kLife);
  }
  EXPECT_LE(all.size(), kLife + 2) << "nodes do come back";
  EXPECT_EQ(pair.engine.index().bytes(), all.size() * sizeof(Node));
}

TEST(Recycling, ALookIsGoodForAsManyRemovalsAsANodeWaitsFor) {
  Pair<ShortLivedCritnib> pair;
  pair.removals(3);
  const auto look = pair.engine.index().nodes().look();
  for (std::uint64_t removals = 0; removals < kLife; ++removals) {
    EXPECT_TRUE(look.good()) << removals;
    pair.removals(1);
  }
  for (std::uint64_t removals = kLife; removals < 5 * kLife; ++removals) {
    EXPECT_FALSE(look.good()) << removals;
    pair.removals(1);
  }
}

// Neither an absent key, nor one that shares the word of a key that is there, nor the last key of all, nor an
// overwrite takes a node out.
TEST(Recycling, RemovingWhatIsNotThereUsesUpNothing) {
  Pair<ShortLivedCritnib> pair;
  pair.add();
  const auto look = pair.engine.index().nodes().look();
  const std::uint64_t bytes = pair.engine.index().bytes();
  for (int i = 0; i < 50; ++i) {
    pair.batch([&] { stage_erase(pair.engine, pair.hash, pair.absent); });
    pair.batch([&] { stage_erase(pair.engine, pair.hash, "never"); });
    pair.batch([&] { stage_put(pair.engine, pair.hash, pair.comes, "again", 1); });
  }
  EXPECT_EQ(pair.engine.index().nodes().waiting(), 0U);
  EXPECT_TRUE(look.good());
  EXPECT_EQ(pair.engine.index().bytes(), bytes);
  pair.remove();
  EXPECT_EQ(pair.engine.index().nodes().waiting(), 1U);
  for (int i = 0; i < 50; ++i) {
    pair.batch([&] { stage_erase(pair.engine, pair.hash, pair.stays); });
    pair.remove();
    pair.batch([&] { stage_put(pair.engine, pair.hash, pair.stays, "v", 1); });
  }
  EXPECT_EQ(pair.engine.index().nodes().waiting(), 1U);
  EXPECT_TRUE(look.good());
}

// The pool's answer: as many nodes as the fullest state had, and those that wait.
TEST(Recycling, AsManyNodesAsTheFullestState) {
  const KeyHash hash{1};
  Critnib engine(word_options(hash));
  std::uint64_t most = 0;
  for (std::uint64_t cycle = 0; cycle < 160; ++cycle) {
    for (const bool erase : {false, true}) {
      ASSERT_TRUE(engine.try_begin_batch(0));
      for (std::uint64_t n = 0; n < 200; ++n) {
        if (erase) {
          stage_erase(engine, hash, named("key", n));
        } else {
          stage_put(engine, hash, named("key", n), "v", 1);
        }
      }
      engine.publish(1);
    }
    ASSERT_LE(engine.index().bytes(), (critnib::kLife + 200 + 1) * sizeof(Node));
    if (cycle == 100) most = engine.index().bytes();
  }
  EXPECT_EQ(engine.index().bytes(), most) << "some 60 a cycle: then nodes come back";
  EXPECT_EQ(engine.index().nodes().waiting(), critnib::kLife);
}

}  // namespace
}  // namespace flashkv::test
