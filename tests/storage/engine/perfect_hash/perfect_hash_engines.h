// Both perfect-hash engines as they are served, and keys for them.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "storage/engine/perfect_hash/perfect_hash.h"
#include "storage/table/with_overlay.h"
#include "tests/support/engine_batch.h"

namespace flashkv::test {

using FreeingEngine = WithOverlay<PerfectHashDeletionLock>;
using LeakingEngine = WithOverlay<PerfectHashLeak>;
using PerfectHashEngines = ::testing::Types<FreeingEngine, LeakingEngine>;

// Batches of one engine, and keys under the hash it was made with.
template <Engine E>
class PerfectHashTest : public ::testing::Test {
 protected:
  static EngineOptions with(KeyHash hash) {
    EngineOptions options;
    options.hash = hash;
    return options;
  }
  Probe probe(std::string_view key) const { return {key, hash(key)}; }
  void publish(E& engine) { engine.publish(++revision); }
  void put(E& engine, std::string_view key, std::string_view value) {
    ASSERT_TRUE(engine.try_begin_batch(0));
    stage_put(engine, hash, key, value, revision + 1);
    publish(engine);
  }
  // Keys "k0", "k1" ... with their number as value, so many a batch.
  void fill(E& engine, std::uint64_t from, std::uint64_t to, std::uint64_t batch) {
    for (std::uint64_t n = from; n < to; ++n) {
      if ((n - from) % batch == 0) {
        ASSERT_TRUE(engine.try_begin_batch(0));
      }
      stage_put(engine, hash, named("k", n), std::to_string(n), revision + 1);
      if ((n - from) % batch == batch - 1 || n + 1 == to) publish(engine);
    }
  }
  void expect_found(E& engine, std::uint64_t to) {
    auto reader = engine.make_reader();
    for (std::uint64_t n = 0; n < to; ++n) {
      const std::string key = named("k", n);
      auto guard = reader.enter();
      const Record* found = guard.find(probe(key));
      ASSERT_NE(found, nullptr) << key;
      ASSERT_EQ(found->value(), std::to_string(n));
    }
    EXPECT_EQ(seen(engine, probe(named("k", to))), "none");
  }

  const KeyHash hash{3};
  std::uint64_t revision = 0;
};

}  // namespace flashkv::test
