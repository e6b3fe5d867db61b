// The asymmetric guards under a model checker, with membarrier() and with exchanges instead: as they are, and
// with each of their memory orders weakened.
#include <gtest/gtest.h>

#include <string>
#include <type_traits>

#include "storage/engine/flashmap/guard_asymmetric.h"
#include "tests/model/guard_programs.h"
#include "tests/model/weakening.h"

namespace flashkv::flashmap::model {
namespace {

struct Orders {
  static inline sync::MemoryOrder kSlotStore = AsymmetricOrders::kSlotStore;
  static inline sync::MemoryOrder kSlotExchange = AsymmetricOrders::kSlotExchange;
  static inline sync::MemoryOrder kCurrentLook = AsymmetricOrders::kCurrentLook;
  static inline sync::MemoryOrder kCurrentStore = AsymmetricOrders::kCurrentStore;
  static inline sync::MemoryOrder kSlotLook = AsymmetricOrders::kSlotLook;
  static inline sync::MemoryOrder kSeenStore = AsymmetricOrders::kSeenStore;
  static inline sync::MemoryOrder kSeenLook = AsymmetricOrders::kSeenLook;
};
template <bool kMembarrier>
struct Guards : AsymmetricGuards<Half, Orders> {
  Guards(Half* first, Half* second) : AsymmetricGuards(first, second, kMembarrier) {}
};

template <bool kMembarrier>
void expect_caught_by_any() {
  using G = Guards<kMembarrier>;
  expect_caught<OneReader<G>, TwoReaders<G>, NestedGuards<G>, OutlivedGuard<G, true>, OutlivedGuard<G, false>,
                ReaderChurn<G>, ImpatientWriter<G>>();
}

template <typename Fence>
class AsymmetricModel : public testing::Test {
 protected:
  using G = Guards<Fence::value>;
};
struct FenceNames {
  template <typename Fence>
  static std::string GetName(int) {
    return Fence::value ? "Membarrier" : "Exchange";
  }
};
using Fences = testing::Types<std::true_type, std::false_type>;
TYPED_TEST_SUITE(AsymmetricModel, Fences, FenceNames);

TYPED_TEST(AsymmetricModel, AReaderNeverSeesAHalfChange) {
  expect_sound<OneReader<typename TestFixture::G>>();
}
TYPED_TEST(AsymmetricModel, TwoReadersNeverSeeAHalfChange) {
  expect_sound<TwoReaders<typename TestFixture::G>>();
}
TYPED_TEST(AsymmetricModel, NestedGuardsMayBeDroppedOutOfOrder) {
  expect_sound<NestedGuards<typename TestFixture::G>>();
}
TYPED_TEST(AsymmetricModel, AGuardMayOutliveTheOneAroundItAndMeetNewerOnes) {
  expect_sound<OutlivedGuard<typename TestFixture::G, true>>();
  expect_sound<OutlivedGuard<typename TestFixture::G, false>>();
}
TYPED_TEST(AsymmetricModel, ReadersMayComeAndGo) { expect_sound<ReaderChurn<typename TestFixture::G>>(); }
TYPED_TEST(AsymmetricModel, AWaitThatRanOutLeavesNothingBehind) {
  expect_sound<ImpatientWriter<typename TestFixture::G>>();
}

TEST(AsymmetricModel, AFailedMembarrierIsTriedAgain) { expect_sound<FailingMembarrier<Guards<true>>>(); }

class WeakenedWithMembarrier : public testing::TestWithParam<WeakenedOrder> {};
TEST_P(WeakenedWithMembarrier, IsCaught) {
  const Weakened weakened(*GetParam().order, GetParam().weaker);
  expect_caught_by_any<true>();
}
INSTANTIATE_TEST_SUITE_P(
    Model, WeakenedWithMembarrier,
    testing::Values(WeakenedOrder{"SlotStoreRelaxed", &Orders::kSlotStore, sync::kRelaxed},
                    WeakenedOrder{"CurrentLookRelaxed", &Orders::kCurrentLook, sync::kRelaxed},
                    WeakenedOrder{"CurrentStoreRelaxed", &Orders::kCurrentStore, sync::kRelaxed},
                    WeakenedOrder{"SlotLookRelaxed", &Orders::kSlotLook, sync::kRelaxed},
                    WeakenedOrder{"SeenStoreRelaxed", &Orders::kSeenStore, sync::kRelaxed},
                    WeakenedOrder{"SeenLookRelaxed", &Orders::kSeenLook, sync::kRelaxed}),
    name_of);
TEST(WeakenedWithMembarrier, AMissingMembarrierIsCaught) {
  const Weakened weakened(sync::membarrier_works, false);
  expect_caught_by_any<true>();
}

TEST(WeakenedWithMembarrier, AGenerationUsedTwiceIsCaught) {
  const Weakened weakened(generations_differ, false);
  expect_caught_by_any<true>();
}

// Without membarrier() nothing but the four operations orders them: less than sequential consistency is a
// bug.
class WeakenedWithExchange : public testing::TestWithParam<WeakenedOrder> {};
TEST_P(WeakenedWithExchange, IsCaught) {
  const Weakened weakened(*GetParam().order, GetParam().weaker);
  expect_caught_by_any<false>();
}
INSTANTIATE_TEST_SUITE_P(
    Model, WeakenedWithExchange,
    testing::Values(WeakenedOrder{"SlotStoreRelaxed", &Orders::kSlotStore, sync::kRelaxed},
                    WeakenedOrder{"SlotExchangeAcqRel", &Orders::kSlotExchange, sync::kAcqRel},
                    WeakenedOrder{"CurrentLookAcquire", &Orders::kCurrentLook, sync::kAcquire},
                    WeakenedOrder{"CurrentStoreRelease", &Orders::kCurrentStore, sync::kRelease},
                    WeakenedOrder{"SlotLookAcquire", &Orders::kSlotLook, sync::kAcquire}),
    name_of);

}  // namespace
}  // namespace flashkv::flashmap::model
