// Readers that stall in the middle of their lookups, at every node, while nodes are removed and reused
// elsewhere: an answer that passes the check is right, for present and for absent keys.
#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "tests/storage/engine/critnib/tree_view.h"
#include "tests/support/engine_batch.h"

namespace flashkv::test {
namespace {

using critnib::Node;
constexpr unsigned kPermanent = 8;
constexpr unsigned kPassing = 20;
constexpr unsigned kAbsent = 8;

// Purpose: a lookup one step at a time, in a read section of its own.
template <typename E>
class StalledReader {
 public:
  StalledReader(E& engine, const std::string& key, std::uint64_t word)
      : section_(std::make_unique<Pinned<E>>(engine)),
        look_(engine.index().nodes().look()),
        seen_(engine.index().root().load(sync::kAcquire)),
        key_(key),
        word_(word) {}

  // One node down; false once it has come to a leaf or to nothing.
  bool step() {
    if (!Node::is_node(seen_)) return false;
    seen_ = Node::from(seen_)->towards(word_).load(sync::kAcquire);
    return true;
  }
  // To the end, wherever it leads; false when the answer does not count.
  bool finish() {
    while (step()) {
    }
    return look_.good();
  }
  const Record* found() const { return Leaf(seen_).find(key_); }
  const std::string& key() const { return key_; }

 private:
  using Look = decltype(std::declval<E&>().index().nodes().look());
  std::unique_ptr<Pinned<E>> section_;
  Look look_;
  std::uintptr_t seen_;
  const std::string key_;
  const std::uint64_t word_;
};

template <typename E>
class CritnibStalled : public ::testing::Test {
 protected:
  struct Outcome {
    int good = 0;
    int sent_back = 0;
  };
  // `patience`: the lower, the more batches a stalled reader sees.
  Outcome run(std::uint64_t mask, unsigned patience) {
    Outcome outcome;
    run(mask, patience, outcome);
    return outcome;
  }

 private:
  void run(std::uint64_t mask, unsigned patience, Outcome& outcome) {
    const KeyHash hash{4, mask};
    std::mt19937_64 random(mask);
    E engine(word_options(hash));
    keys_.clear();
    for (unsigned n = 0; n < kPermanent; ++n) keys_.push_back(named("permanent", n));
    for (unsigned n = 0; n < kPassing; ++n) keys_.push_back(named("passing", n));
    for (unsigned n = 0; n < kAbsent; ++n) keys_.push_back(named("absent", n));
    ASSERT_TRUE(engine.try_begin_batch(0));
    for (unsigned n = 0; n < kPermanent + kPassing; ++n) stage_put(engine, hash, keys_[n], "v", 0);
    engine.publish(1);
    std::vector<std::unique_ptr<StalledReader<E>>> stalled;
    for (std::uint64_t batch = 0; batch < 200; ++batch) {
      for (std::size_t n = 0; n < keys_.size(); ++n) {
        if (n >= kPermanent && n < kPermanent + kPassing) continue;
        stall(engine, keys_[n], hash(keys_[n]), random, stalled);
      }
      change(engine, hash, batch, random);
      for (std::size_t i = 0; i < stalled.size();) {
        if (random() % 8 >= patience) {
          ++i;
          continue;
        }
        StalledReader<E>& reader = *stalled[i];
        if (reader.finish()) {
          ++outcome.good;
          ASSERT_EQ(reader.found() != nullptr, reader.key()[0] == 'p')
              << reader.key() << " in batch " << batch;
        } else {
          ++outcome.sent_back;
        }
        std::swap(stalled[i], stalled.back());
        stalled.pop_back();
      }
    }
  }
  // One before each node on the way of the key.
  static void stall(E& engine, const std::string& key, std::uint64_t word, std::mt19937_64& random,
                    std::vector<std::unique_ptr<StalledReader<E>>>& stalled) {
    unsigned steps = 0;
    for (bool deeper = true; deeper; ++steps) {
      auto reader = std::make_unique<StalledReader<E>>(engine, key, word);
      for (unsigned i = 0; i < steps && deeper; ++i) deeper = reader->step();
      if (random() % 2 == 0) stalled.push_back(std::move(reader));
    }
  }
  // Waves of removals and insertions; then one key removed for each one inserted, which reuses the nodes of
  // the last few removals.
  void change(E& engine, const KeyHash& hash, std::uint64_t batch, std::mt19937_64& random) {
    ASSERT_TRUE(engine.try_begin_batch(0));
    const bool one_by_one = batch % 40 < 20;
    if (one_by_one) {
      for (unsigned n = kPermanent; n < kPermanent + kPassing; ++n) {
        const Probe probe{keys_[n], hash(keys_[n])};
        if (engine.find(probe) == nullptr) stage_put(engine, hash, keys_[n], "v", 1);
      }
      stage_erase(engine, hash, keys_[kPermanent + random() % kPassing]);
    }
    for (unsigned n = kPermanent; !one_by_one && n < kPermanent + kPassing; ++n) {
      if (random() % 3 != 0) continue;
      if (batch % 2 == 0) {
        stage_erase(engine, hash, keys_[n]);
      } else {
        stage_put(engine, hash, keys_[n], "v", 1);
      }
    }
    stage_put(engine, hash, keys_[random() % kPermanent], "w", 1);
    engine.publish(batch + 2);
  }

  std::vector<std::string> keys_;
};

// Shared heads, shared tails, chains; the nodes of one part of the tree serve in another.
const std::uint64_t kMasks[] = {0x3333, std::uint64_t{0x3333} << 48, 0x9009'0000'0000'9009,
                                0x8000'0000'0101'0003, ~std::uint64_t{0}};

using ShortLivedStalled = CritnibStalled<ShortLivedCritnib>;
TEST_F(ShortLivedStalled, AnAnswerThatIsGoodIsRight) {
  const std::int64_t records = Record::live();
  for (const std::uint64_t mask : kMasks) {
    for (const unsigned patience : {8U, 4U, 1U}) {
      const auto outcome = run(mask, patience);
      if (HasFatalFailure()) return;
      EXPECT_GT(outcome.good, 10) << mask;
      EXPECT_GT(outcome.sent_back, 10) << mask;
    }
  }
  EXPECT_EQ(Record::live(), records);
}

// If nodes are kept for ever, a reader in a removed node finds its way on, however long it slept.
using LeakStalled = CritnibStalled<CritnibLeak>;
TEST_F(LeakStalled, EveryAnswerIsRight) {
  const std::int64_t records = Record::live();
  for (const std::uint64_t mask : kMasks) {
    const auto outcome = run(mask, 1);
    if (HasFatalFailure()) return;
    EXPECT_EQ(outcome.sent_back, 0);
    EXPECT_GT(outcome.good, 1'000);
  }
  EXPECT_EQ(Record::live(), records);
}

// With the life that is served, a reader has to sleep for thousands of removals to be sent back.
using ServedStalled = CritnibStalled<Critnib>;
TEST_F(ServedStalled, NobodyIsSentBackForAFewBatches) {
  const auto outcome = run(0x3333, 4);
  EXPECT_EQ(outcome.sent_back, 0);
  EXPECT_GT(outcome.good, 1'000);
}

}  // namespace
}  // namespace flashkv::test
