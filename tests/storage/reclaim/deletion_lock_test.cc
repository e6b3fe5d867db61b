// The readers that keep a slot of the deletion lock, and for how long.
#include "storage/reclaim/deletion_lock.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace flashkv::reclaim {
namespace {

TEST(DeletionLock, ASlotIsDrainedWhenAllThatEnteredItHaveLeft) {
  DeletionLock<4> lock;
  const auto first = lock.enter();
  const auto again = lock.enter();
  EXPECT_EQ(first, lock.current());
  EXPECT_FALSE(lock.drained(first)) << "the current slot never is";
  EXPECT_EQ(lock.advance(), first);
  EXPECT_FALSE(lock.drained(first));
  lock.leave(first);
  EXPECT_FALSE(lock.drained(first));
  const auto second = lock.enter();
  EXPECT_NE(second, first);
  lock.leave(again);
  EXPECT_TRUE(lock.drained(first));
  EXPECT_FALSE(lock.drained(second));
  lock.leave(second);
  EXPECT_FALSE(lock.drained(second));
  lock.advance();
  EXPECT_TRUE(lock.drained(second));
}

TEST(DeletionLock, NobodyInsideMeansDrainedAtOnce) {
  DeletionLock<2> lock;
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(lock.next_is_free());
    const auto old = lock.advance();
    EXPECT_TRUE(lock.drained(old));
    const auto slot = lock.enter();
    EXPECT_EQ(slot, lock.current());
    lock.leave(slot);
  }
}

TEST(DeletionLock, GoingRoundWaitsForTheOldestAndChoosingDoesNot) {
  DeletionLock<4> lock;
  const auto stays = lock.enter();
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(lock.next_is_free());
    lock.advance();
  }
  EXPECT_FALSE(lock.next_is_free());
  for (int i = 0; i < 10; ++i) {
    const auto to = lock.current() == 1 ? 2U : 1U;
    ASSERT_TRUE(lock.drained(to));
    lock.advance_to(to);
    EXPECT_FALSE(lock.drained(stays));
  }
  lock.leave(stays);
  EXPECT_TRUE(lock.drained(stays));
}

// With 256 slots a count has 24 bits: it overflows here.
TEST(DeletionLock, CountsMayOverflow) {
  DeletionLock<256> lock;
  const auto stays = lock.enter();
  for (unsigned i = 0; i < (1U << 24) + 3; ++i) {
    const auto slot = lock.enter();
    ASSERT_EQ(slot, stays);
    lock.leave(slot);
  }
  lock.advance();
  EXPECT_FALSE(lock.drained(stays));
  lock.leave(stays);
  EXPECT_TRUE(lock.drained(stays));
  lock.advance_to(stays);
  const auto back = lock.enter();
  EXPECT_EQ(back, stays);
  lock.advance();
  EXPECT_FALSE(lock.drained(back));
  lock.leave(back);
  EXPECT_TRUE(lock.drained(back));
}

// What a slot leads to is overwritten as soon as it is drained.
TEST(DeletionLock, ReadersFindWhatTheirSlotSays) {
  constexpr int kTurns = 20'000;
  struct Pair {
    std::uint64_t a = 0;
    std::uint64_t b = 0;
  };
  DeletionLock<4> lock;
  Pair of_slot[4];
  std::atomic<bool> done{false};
  std::vector<std::thread> readers;
  for (int r = 0; r < 3; ++r) {
    readers.emplace_back([&] {
      std::uint64_t newest = 0;
      while (!done.load(std::memory_order_relaxed)) {
        for (int i = 0; i < 100; ++i) {
          const auto slot = lock.enter();
          const Pair seen = of_slot[slot];
          lock.leave(slot);
          ASSERT_EQ(seen.a, seen.b);
          ASSERT_GE(seen.a, newest);
          newest = seen.a;
        }
        std::this_thread::yield();
      }
    });
  }
  for (std::uint64_t turn = 1; turn <= kTurns; ++turn) {
    while (!lock.next_is_free()) std::this_thread::yield();
    of_slot[lock.next()] = {turn, turn};
    lock.advance();
  }
  done.store(true);
  for (std::thread& reader : readers) reader.join();
}

}  // namespace
}  // namespace flashkv::reclaim
