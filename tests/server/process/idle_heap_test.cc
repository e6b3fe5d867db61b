// When an idle thread looks for memory that was freed behind its back.
#include "server/process/idle_heap.h"

#include <gtest/gtest.h>

namespace flashkv {
namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;

TEST(IdleHeap, IsDueOnceMuchIsGoneAndOnceMore) {
  IdleHeap idle;
  EXPECT_FALSE(idle.due(0, 0));
  EXPECT_FALSE(idle.due(0, 30 * kMiB)) << "growth is no reason";
  EXPECT_TRUE(idle.due(30 * kMiB, 0));
  EXPECT_TRUE(idle.due(30 * kMiB, 0)) << "for what was freed late";
  EXPECT_FALSE(idle.due(30 * kMiB, 0));
  EXPECT_TRUE(idle.due(34 * kMiB, 0)) << "it goes on from where it was";
}

TEST(IdleHeap, LittleIsNoReason) {
  IdleHeap idle;
  for (std::uint64_t removed = 0; removed < 125; removed += 5) {
    EXPECT_FALSE(idle.due(removed * kMiB, 1'000 * kMiB)) << removed;
  }
  EXPECT_TRUE(idle.due(125 * kMiB, 1'000 * kMiB)) << "an eighth, however slowly";
  IdleHeap small;
  EXPECT_FALSE(small.due(3 * kMiB, 0));
}

}  // namespace
}  // namespace flashkv
