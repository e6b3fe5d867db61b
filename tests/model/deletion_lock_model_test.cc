// The deletion lock under a model checker, whole, with each of its memory orders weakened, and as it must not
// be written.
#include <gtest/gtest.h>

#include "storage/reclaim/deletion_lock.h"
#include "tests/model/deletion_lock_programs.h"
#include "tests/model/weakening.h"

namespace flashkv::reclaim::model {
namespace {

struct Orders {
  static inline sync::MemoryOrder kAdvance = DeletionLockOrders::kAdvance;
  static inline sync::MemoryOrder kEnter = DeletionLockOrders::kEnter;
  static inline sync::MemoryOrder kLeave = DeletionLockOrders::kLeave;
  static inline sync::MemoryOrder kLook = DeletionLockOrders::kLook;
};
using Two = DeletionLock<2, Orders>;
using Four = DeletionLock<4, Orders>;

TEST(DeletionLockModel, NothingIsFreedUnderAReader) { expect_sound<OneReader<Two>>(); }
TEST(DeletionLockModel, NothingIsFreedUnderTwoReaders) { expect_sound<TwoReaders<Two>>(); }
TEST(DeletionLockModel, EntriesNest) { expect_sound<NestedEntries<Four>>(); }
TEST(DeletionLockModel, SlotsDrainInAnyOrder) { expect_sound<LateCollection<Four>>(); }
TEST(DeletionLockModel, WhatIsFoundByAnotherPointerStays) { expect_sound<OtherWay<Two>>(); }

class WeakenedDeletionLock : public testing::TestWithParam<WeakenedOrder> {};
TEST_P(WeakenedDeletionLock, IsCaught) {
  const Weakened weakened(*GetParam().order, GetParam().weaker);
  expect_caught<OneReader<Two>, TwoReaders<Two>, NestedEntries<Four>, LateCollection<Four>, OtherWay<Two>>();
}
INSTANTIATE_TEST_SUITE_P(Model, WeakenedDeletionLock,
                         testing::Values(WeakenedOrder{"AdvanceRelaxed", &Orders::kAdvance, sync::kRelaxed},
                                         WeakenedOrder{"EnterRelaxed", &Orders::kEnter, sync::kRelaxed},
                                         WeakenedOrder{"LeaveRelaxed", &Orders::kLeave, sync::kRelaxed},
                                         WeakenedOrder{"LookRelaxed", &Orders::kLook, sync::kRelaxed}),
                         name_of);

// Between the pointer and the counter the table may go, and the counter with it.
TEST(DeletionLockModel, ACounterInTheTableIsCaught) { expect_caught<CounterInTheTable<false>>(); }
TEST(DeletionLockModel, TheSameIsSoundWhereEnteringIsOneStep) { expect_sound<CounterInTheTable<true>>(); }

}  // namespace
}  // namespace flashkv::reclaim::model
