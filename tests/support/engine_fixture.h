// Engines of one type, and batches of keys under one hash.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "storage/table/engine_options.h"
#include "tests/support/engine_batch.h"

namespace flashkv::test {

// Purpose: what tests of a single engine do all the time; the engine is theirs.
// Usage:   template <typename E> class MyEngineTest : public EngineFixture<E> {};
//          E engine(with(hash));  fill(engine, 0, 100, 10);  expect_found(engine, 100);
template <Engine E>
class EngineFixture : public ::testing::Test {
 protected:
  static EngineOptions with(KeyHash hash) {
    EngineOptions options;
    options.hash = hash;
    return options;
  }
  Probe probe(std::string_view key) const { return {key, hash(key)}; }
  void publish(E& engine) { engine.publish(++revision); }
  // One batch with one change; false where readers keep it closed.
  bool try_put(E& engine, std::string_view key, std::string_view value) {
    if (!engine.try_begin_batch(0)) return false;
    stage_put(engine, hash, key, value, revision + 1);
    publish(engine);
    return true;
  }
  void put(E& engine, std::string_view key, std::string_view value) {
    ASSERT_TRUE(try_put(engine, key, value));
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
