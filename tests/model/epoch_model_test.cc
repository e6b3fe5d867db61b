// The epoch scheme under a model checker, whole and with each of its memory orders weakened.
#include <gtest/gtest.h>

#include "storage/reclaim/epoch.h"
#include "tests/model/epoch_programs.h"
#include "tests/model/weakening.h"

namespace flashkv::reclaim::model {
namespace {

struct Orders {
  static inline sync::MemoryOrder kAdvance = EpochOrders::kAdvance;
  static inline sync::MemoryOrder kNumberLook = EpochOrders::kNumberLook;
  static inline sync::MemoryOrder kEnter = EpochOrders::kEnter;
  static inline sync::MemoryOrder kLeave = EpochOrders::kLeave;
  static inline sync::MemoryOrder kSlotLook = EpochOrders::kSlotLook;
};
using Periods = BasicEpoch<Orders>;
static_assert(GracePeriods<Periods>);

TEST(EpochModel, NothingIsFreedUnderAReader) { expect_sound<OneReader<Periods>>(); }
TEST(EpochModel, NothingIsFreedUnderTwoReaders) { expect_sound<TwoReaders<Periods>>(); }
TEST(EpochModel, SectionsNest) { expect_sound<NestedSections<Periods>>(); }
TEST(EpochModel, SectionsMayComeAndGo) { expect_sound<SectionChurn<Periods>>(); }
TEST(EpochModel, PeriodsEndInOrder) { expect_sound<TwoPeriods<Periods>>(); }

class WeakenedEpoch : public testing::TestWithParam<WeakenedOrder> {};
TEST_P(WeakenedEpoch, IsCaught) {
  const Weakened weakened(*GetParam().order, GetParam().weaker);
  expect_caught<OneReader<Periods>, TwoReaders<Periods>, NestedSections<Periods>, SectionChurn<Periods>,
                TwoPeriods<Periods>>();
}
INSTANTIATE_TEST_SUITE_P(
    Model, WeakenedEpoch,
    testing::Values(WeakenedOrder{"AdvanceRelaxed", &Orders::kAdvance, sync::kRelaxed},
                    WeakenedOrder{"NumberLookRelaxed", &Orders::kNumberLook, sync::kRelaxed},
                    WeakenedOrder{"EnterRelaxed", &Orders::kEnter, sync::kRelaxed},
                    WeakenedOrder{"LeaveRelaxed", &Orders::kLeave, sync::kRelaxed},
                    WeakenedOrder{"SlotLookAcquire", &Orders::kSlotLook, sync::kAcquire},
                    WeakenedOrder{"SlotLookRelease", &Orders::kSlotLook, sync::kRelease}),
    name_of);

// Sections that are not there at all.
struct Unguarded : BasicEpoch<> {
  struct Section : BasicEpoch<>::Section {
    explicit Section(BasicEpoch<>::Section whole) noexcept : BasicEpoch<>::Section(std::move(whole)) {}
    void lock() noexcept {}
    void unlock() noexcept {}
  };
  Section make_section() { return Section(BasicEpoch<>::make_section()); }
};
TEST(WeakenedEpoch, ASectionThatIsNotLockedIsCaught) { expect_caught<OneReader<Unguarded>>(); }

}  // namespace
}  // namespace flashkv::reclaim::model
