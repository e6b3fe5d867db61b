// Queue, doorbell and completion stack under a model checker: as they are, and with each of their memory
// orders weakened.
#include <gtest/gtest.h>

#include "tests/model/request_programs.h"
#include "tests/model/weakening.h"

namespace flashkv::model {
namespace {

struct Orders {
  static inline sync::MemoryOrder kArm = DoorbellOrders::kArm;
  static inline sync::MemoryOrder kRing = DoorbellOrders::kRing;
  static constexpr Nanos kLongestSleep = kNever;
  static inline sync::MemoryOrder kLink = QueueOrders::kLink;
  static inline sync::MemoryOrder kTake = QueueOrders::kTake;
  static inline sync::MemoryOrder kIdle = QueueOrders::kIdle;
  static inline sync::MemoryOrder kClose = QueueOrders::kClose;
  static inline sync::MemoryOrder kCount = QueueOrders::kCount;
  static inline sync::MemoryOrder kDrained = QueueOrders::kDrained;
};
using Bell = BasicDoorbell<Orders>;
using Queue = BasicRequestQueue<Item, Orders>;

TEST(QueueModel, TheWriterWakesForEverySubmitter) { expect_sound<Submitters<Bell, Queue>>(); }
TEST(QueueModel, TheWriterWakesAgainAndAgain) { expect_sound<Resubmitter<Bell, Queue>>(); }
TEST(QueueModel, ClosingWakesTheWriterAndLeavesNothingBehind) {
  expect_sound<Closing<Bell, Queue, false>>();
  expect_sound<Closing<Bell, Queue, true>>();
}

class WeakenedQueue : public testing::TestWithParam<WeakenedOrder> {};
TEST_P(WeakenedQueue, IsCaught) {
  const Weakened weakened(*GetParam().order, GetParam().weaker);
  expect_caught<Submitters<Bell, Queue>, Resubmitter<Bell, Queue>, Closing<Bell, Queue, false>,
                Closing<Bell, Queue, true>>();
}
INSTANTIATE_TEST_SUITE_P(Model, WeakenedQueue,
                         testing::Values(WeakenedOrder{"ArmRelease", &Orders::kArm, sync::kRelease},
                                         WeakenedOrder{"RingAcquire", &Orders::kRing, sync::kAcquire},
                                         WeakenedOrder{"LinkAcqRel", &Orders::kLink, sync::kAcqRel},
                                         WeakenedOrder{"LinkRelaxed", &Orders::kLink, sync::kRelaxed},
                                         WeakenedOrder{"TakeRelaxed", &Orders::kTake, sync::kRelaxed},
                                         WeakenedOrder{"IdleAcquire", &Orders::kIdle, sync::kAcquire},
                                         WeakenedOrder{"CloseAcqRel", &Orders::kClose, sync::kAcqRel},
                                         WeakenedOrder{"CountRelaxed", &Orders::kCount, sync::kRelaxed},
                                         WeakenedOrder{"DrainedRelaxed", &Orders::kDrained, sync::kRelaxed}),
                         name_of);
TEST(WeakenedQueue, ALostWakeUpIsCaught) {
  const Weakened weakened(sync::wakes_work, false);
  expect_caught<Submitters<Bell, Queue>>();
}

struct StackOrders {
  static inline sync::MemoryOrder kGive = CompletionOrders::kGive;
  static inline sync::MemoryOrder kTake = CompletionOrders::kTake;
  static inline sync::MemoryOrder kWake = CompletionOrders::kWake;
  static inline sync::MemoryOrder kReset = CompletionOrders::kReset;
};
using Stack = BasicCompletionStack<Item, StackOrders>;

TEST(CompletionModel, TheRequestThreadWakesForEverything) { expect_sound<Completions<Stack>>(); }

// That kGive acquires and kTake releases, litmus_test shows: relacy always gives a read-modify-write the
// latest value.
class WeakenedStack : public testing::TestWithParam<WeakenedOrder> {};
TEST_P(WeakenedStack, IsCaught) {
  const Weakened weakened(*GetParam().order, GetParam().weaker);
  expect_caught<Completions<Stack>>();
}
INSTANTIATE_TEST_SUITE_P(Model, WeakenedStack,
                         testing::Values(WeakenedOrder{"GiveAcquire", &StackOrders::kGive, sync::kAcquire},
                                         WeakenedOrder{"TakeRelease", &StackOrders::kTake, sync::kRelease},
                                         WeakenedOrder{"WakeRelaxed", &StackOrders::kWake, sync::kRelaxed},
                                         WeakenedOrder{"ResetRelaxed", &StackOrders::kReset, sync::kRelaxed}),
                         name_of);

}  // namespace
}  // namespace flashkv::model
