// What a promise of a word engine is good for.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "tests/storage/engine/parts/word_engines.h"
#include "tests/support/engine_batch.h"

namespace flashkv::test {
namespace {

template <typename E>
class WordEngineTest : public ::testing::Test {};
TYPED_TEST_SUITE(WordEngineTest, WordEngines);

// All keys of a batch prepared first, then changed in any order, as WithOverlay does at publish().
TYPED_TEST(WordEngineTest, PromisesServeChangesInAnyOrder) {
  for (const std::uint64_t mask : word_masks()) {
    const KeyHash hash{11, mask};
    const std::uint64_t range = 60;
    std::vector<std::string> keys;
    for (std::uint64_t k = 0; k < range; ++k) keys.push_back(named("key", k));
    std::mt19937_64 random(mask + 1);
    TypeParam engine(word_options(hash));
    std::vector<bool> there(range, false);
    for (std::uint64_t batch = 1; batch <= 60; ++batch) {
      ASSERT_TRUE(engine.try_begin_batch(0));
      std::vector<std::uint64_t> changes(range);
      for (std::uint64_t k = 0; k < range; ++k) changes[k] = k;
      std::shuffle(changes.begin(), changes.end(), random);
      changes.resize(1 + random() % range);
      std::vector<Probe> probes;
      for (const std::uint64_t k : changes) probes.push_back({keys[k], hash(keys[k])});
      const std::size_t first = random() % probes.size();
      ASSERT_TRUE(engine.reserve(std::span(probes).first(first)));
      for (const Probe& p : std::span(probes).subspan(first)) ASSERT_TRUE(engine.reserve({&p, 1}));
      // Some of the promises lapse.
      std::shuffle(changes.begin(), changes.end(), random);
      changes.resize(changes.size() - random() % changes.size() / 4);
      for (const std::uint64_t k : changes) {
        const bool erase = random() % 10 < (batch % 20 < 10 ? 2U : 8U);
        if (erase) {
          engine.erase({keys[k], hash(keys[k])});
        } else {
          engine.upsert(Record::make(keys[k], "v", Record::Expiry::kNone).release(), hash(keys[k]));
        }
        there[k] = !erase;
      }
      engine.publish(batch);
      for (std::uint64_t k = 0; k < range; ++k) {
        ASSERT_EQ(engine.lookup({keys[k], hash(keys[k])}) != nullptr, there[k]) << keys[k] << " in " << batch;
      }
    }
  }
}

}  // namespace
}  // namespace flashkv::test
