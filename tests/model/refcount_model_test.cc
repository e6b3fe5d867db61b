// The counting guards under a model checker: as they are, and with each of their memory orders weakened.
#include <gtest/gtest.h>

#include "storage/engine/flashmap/guard_refcount.h"
#include "tests/model/guard_programs.h"
#include "tests/model/weakening.h"

namespace flashkv::flashmap::model {
namespace {

struct Orders {
  static inline sync::MemoryOrder kEnter = RefcountOrders::kEnter;
  static inline sync::MemoryOrder kLeave = RefcountOrders::kLeave;
  static inline sync::MemoryOrder kFlip = RefcountOrders::kFlip;
  static inline sync::MemoryOrder kResidualLeave = RefcountOrders::kResidualLeave;
  static inline sync::MemoryOrder kResidualLook = RefcountOrders::kResidualLook;
};
using Guards = RefcountGuards<Half, Orders>;

void expect_caught_by_any() {
  expect_caught<OneReader<Guards>, TwoReaders<Guards>, NestedGuards<Guards>, ReaderChurn<Guards>,
                ImpatientWriter<Guards>, SleepingWriter<Guards>, HandedGuard<Guards>>();
}

TEST(RefcountModel, AReaderNeverSeesAHalfChange) { expect_sound<OneReader<Guards>>(); }
TEST(RefcountModel, TwoReadersNeverSeeAHalfChange) { expect_sound<TwoReaders<Guards>>(); }
TEST(RefcountModel, NestedGuardsMayBeDroppedOutOfOrder) { expect_sound<NestedGuards<Guards>>(); }
TEST(RefcountModel, ReadersMayComeAndGo) { expect_sound<ReaderChurn<Guards>>(); }
TEST(RefcountModel, AWaitThatRanOutLeavesNothingBehind) { expect_sound<ImpatientWriter<Guards>>(); }
TEST(RefcountModel, TheLastResidualGuardWakesTheWriter) { expect_sound<SleepingWriter<Guards>>(); }
TEST(RefcountModel, AGuardMayBeDroppedByAnotherThread) { expect_sound<HandedGuard<Guards>>(); }

class WeakenedRefcount : public testing::TestWithParam<WeakenedOrder> {};
TEST_P(WeakenedRefcount, IsCaught) {
  const Weakened weakened(*GetParam().order, GetParam().weaker);
  expect_caught_by_any();
}
INSTANTIATE_TEST_SUITE_P(
    Model, WeakenedRefcount,
    testing::Values(WeakenedOrder{"EnterRelaxed", &Orders::kEnter, sync::kRelaxed},
                    WeakenedOrder{"LeaveRelaxed", &Orders::kLeave, sync::kRelaxed},
                    WeakenedOrder{"FlipAcquire", &Orders::kFlip, sync::kAcquire},
                    WeakenedOrder{"FlipRelease", &Orders::kFlip, sync::kRelease},
                    WeakenedOrder{"ResidualLeaveRelaxed", &Orders::kResidualLeave, sync::kRelaxed},
                    WeakenedOrder{"ResidualLookRelaxed", &Orders::kResidualLook, sync::kRelaxed}),
    name_of);

TEST(WeakenedRefcount, ALostWakeUpIsCaught) {
  const Weakened weakened(sync::wakes_work, false);
  EXPECT_EQ(check<SleepingWriter<Guards>>(kSchedulesToCatch), rl::test_result_deadlock);
}

}  // namespace
}  // namespace flashkv::flashmap::model
