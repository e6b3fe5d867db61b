// Seeded histories of batches, and the map that says what an engine holds after each.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "tests/support/engine_batch.h"

namespace flashkv::test {

// Purpose: batches that overwrite, remove and reinsert the keys of a small range, also the same key more than
//          once. For some batches they mostly fill the table, then they mostly empty it, and again.
// Usage:   RandomBatches batches(seed, {.range = 80, .most = 80, .flip = 10});
//          stage(engine, hash, batches.next(), revision);  engine.publish(revision);
//          expect_published(engine, hash, batches);
class RandomBatches {
 public:
  struct Sizes {
    std::uint64_t range;  // of keys
    std::uint64_t most;   // changes in a batch, fewer than this
    std::uint64_t flip;   // batches between filling and emptying
  };
  struct Change {
    std::string key;
    std::optional<std::string> value;  // none: erase it
  };
  using Model = std::map<std::string, std::string, std::less<>>;

  RandomBatches(std::uint64_t seed, Sizes sizes) : random_(seed), sizes_(sizes) {
    for (std::uint64_t k = 0; k < sizes.range; ++k) keys_.push_back(named("key", k));
  }

  // The next batch; from now on the model holds it.
  std::vector<Change> next() {
    const std::uint64_t erases_in_ten = ++batch_ / sizes_.flip % 2 == 0 ? 2 : 8;
    std::vector<Change> changes(random_() % sizes_.most);
    for (Change& c : changes) {
      c.key = keys_[random_() % keys_.size()];
      if (random_() % 10 < erases_in_ten) {
        model_.erase(c.key);
      } else {
        c.value = named("v", random_());
        model_[c.key] = *c.value;
      }
    }
    return changes;
  }
  const Model& model() const { return model_; }
  const std::vector<std::string>& keys() const { return keys_; }
  // What a key should lead to; "none" without it.
  static std::string expected(const Model& model, const std::string& key) {
    const auto at = model.find(key);
    return at == model.end() ? "none" : at->second;
  }

 private:
  std::mt19937_64 random_;
  const Sizes sizes_;
  std::vector<std::string> keys_;
  Model model_;
  std::uint64_t batch_ = 0;
};

template <Engine E>
void stage(E& engine, const KeyHash& hash, const std::vector<RandomBatches::Change>& changes,
           std::uint64_t revision) {
  for (const RandomBatches::Change& c : changes) {
    if (c.value) {
      stage_put(engine, hash, c.key, *c.value, revision);
    } else {
      stage_erase(engine, hash, c.key);
    }
  }
}

template <Engine E>
void expect_published(E& engine, const KeyHash& hash, const RandomBatches& batches) {
  for (const std::string& key : batches.keys()) {
    ASSERT_EQ(seen(engine, {key, hash(key)}), RandomBatches::expected(batches.model(), key)) << key;
  }
}

}  // namespace flashkv::test
