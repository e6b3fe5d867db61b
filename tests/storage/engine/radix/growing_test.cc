// A reader beside a tree that grows: nodes are complete before it can meet them.
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "tests/storage/engine/radix/tree_view.h"
#include "tests/support/engine_batch.h"
#include "tests/support/sanitized.h"

namespace flashkv::test {
namespace {

// Two keys whose words differ in their last bits alone, so that the second brings a chain of nodes and the
// first moves to its end. For much of its time the writer is between the first of them and the last.
TEST(RadixGrowth, AKeyStaysInSightWhileTheNodesAboveItAreMade) {
  const KeyHash hash{4, 0x1};
  std::vector<std::string> keys;
  for (std::uint64_t n = 0; keys.size() < 2; ++n) {
    std::string key = named("key", n);
    if (hash(key) == keys.size()) keys.push_back(std::move(key));
  }
  const Shape shape{radix::Tails::kCompressed, 4, WordOrder::kForward};
  shape.run(hash, [&](auto& engine) {
    using E = std::remove_reference_t<decltype(engine)>;
    ASSERT_TRUE(engine.try_begin_batch(0));
    stage_put(engine, hash, keys[0], "v", 1);
    engine.publish(1);
    std::atomic<bool> stop{false};
    std::atomic<std::uint64_t> looks{0};
    std::uint64_t misses = 0;
    std::thread reader([&] {
      const std::uint64_t word = engine.index().word(hash(keys[0]));
      while (!stop.load(std::memory_order_relaxed)) {
        const Pinned<E> section(engine);
        for (int i = 0; i < 1'000; ++i) misses += engine.index().look(word).find(keys[0]) == nullptr ? 1 : 0;
        looks.fetch_add(1'000, std::memory_order_relaxed);
      }
    });
    while (looks.load(std::memory_order_relaxed) == 0) std::this_thread::yield();
    std::uint64_t revision = 1;
    for (int round = 0; round < (kSanitized ? 500 : 20'000); ++round) {
      while (!engine.try_begin_batch(0)) std::this_thread::yield();
      if (round % 2 == 0) {
        stage_put(engine, hash, keys[1], "v", revision);
      } else {
        stage_erase(engine, hash, keys[1]);
      }
      engine.publish(++revision);
    }
    stop = true;
    reader.join();
    EXPECT_EQ(misses, 0U) << "of " << looks << " looks";
  });
}

}  // namespace
}  // namespace flashkv::test
