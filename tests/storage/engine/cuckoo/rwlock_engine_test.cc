// Readers and the writer of cuckoo-rwlock must not lock each other out.
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "tests/storage/engine/cuckoo/cuckoo_engines.h"
#include "tests/support/engine_fixture.h"

namespace flashkv::test {
namespace {

class RwlockEngineTest : public EngineFixture<CuckooRwlock> {
 protected:
  CuckooRwlock engine{EngineOptions{}};
};

TEST_F(RwlockEngineTest, AGuardKeepsTheBatchAfterTheNextWaiting) {
  ASSERT_TRUE(try_put(engine, "a", "1"));
  auto reader = engine.make_reader();
  auto pinned = std::make_unique<Pinned<CuckooRwlock>>(engine);
  ASSERT_TRUE(try_put(engine, "a", "2"));
  EXPECT_FALSE(engine.try_begin_batch(0));
  EXPECT_FALSE(engine.try_begin_batch(100'000)) << "for as long as it may, and no longer";
  EXPECT_EQ(engine.stats().deferred_opens, 2U);
  EXPECT_GT(engine.stats().open_wait_ns, 0U);
  EXPECT_EQ(pinned->guard.find(probe("a"))->value(), "1");
  EXPECT_EQ(seen(engine, probe("a")), "2");
  {
    auto newer = reader.enter();
    pinned.reset();
    EXPECT_TRUE(try_put(engine, "a", "3")) << "the newer guard holds the other table";
    EXPECT_EQ(newer.find(probe("a"))->value(), "2");
  }
  EXPECT_TRUE(try_put(engine, "a", "4"));
}

TEST_F(RwlockEngineTest, AWaitingWriterGoesOnWhenTheReaderLeaves) {
  ASSERT_TRUE(try_put(engine, "a", "1"));
  std::atomic<bool> inside{false};
  std::atomic<bool> leave{false};
  std::thread thread([&] {
    auto reader = engine.make_reader();
    auto guard = reader.enter();
    inside.store(true);
    while (!leave.load()) std::this_thread::yield();
  });
  while (!inside.load()) std::this_thread::yield();
  ASSERT_TRUE(try_put(engine, "a", "2"));
  EXPECT_FALSE(engine.try_begin_batch(0));
  leave.store(true);
  EXPECT_TRUE(engine.try_begin_batch(kNever));
  thread.join();
}

// At any time some reader holds a guard: a lock that all of them share would never be the writer's.
TEST_F(RwlockEngineTest, ReadersThatNeverAllLeaveDoNotStarveTheWriter) {
  constexpr int kBatches = 300;
  ASSERT_TRUE(try_put(engine, "a", "0"));
  std::atomic<bool> done{false};
  std::atomic<unsigned> steps[2] = {0, 0};
  std::vector<std::thread> threads;
  for (unsigned me = 0; me < 2; ++me) {
    threads.emplace_back([&, me] {
      auto reader = engine.make_reader();
      while (!done.load()) {
        auto guard = reader.enter();
        ASSERT_NE(guard.find(probe("a")), nullptr);
        // Leaves only after the other has entered once more.
        const unsigned other = steps[1 - me].load();
        steps[me].fetch_add(1);
        while (steps[1 - me].load() == other && !done.load()) std::this_thread::yield();
      }
    });
  }
  for (int batch = 0; batch < kBatches; ++batch) {
    while (!try_put(engine, "a", named("v", static_cast<std::uint64_t>(batch)))) std::this_thread::yield();
  }
  done.store(true);
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(seen(engine, probe("a")), named("v", kBatches - 1));
}

}  // namespace
}  // namespace flashkv::test
