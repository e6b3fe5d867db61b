// Who may look at a pinned state, under a model checker: as it is, and with each memory order weakened.
#include <gtest/gtest.h>

#include "storage/request/pin_use.h"
#include "tests/model/weakening.h"

namespace flashkv::model {
namespace {

struct Orders {
  static inline sync::MemoryOrder kEnter = PinOrders::kEnter;
  static inline sync::MemoryOrder kLeave = PinOrders::kLeave;
  static inline sync::MemoryOrder kRevoke = PinOrders::kRevoke;
};

// P1: a holder with two sections, and a writer that frees once it has revoked the pin.
template <typename Use>
struct Revoking : rl::test_suite<Revoking<Use>, 2> {
  Use use;
  sync::Plain<unsigned> state{7};

  void thread(unsigned index) {
    if (index == 0) {
      while (!use.revoke()) sync::pause();
      state = 0;
      RL_ASSERT(use.revoked());
      return;
    }
    for (int i = 0; i < 2; ++i) {
      if (!use.enter()) {
        RL_ASSERT(use.revoked());
        return;
      }
      RL_ASSERT(state == 7);
      RL_ASSERT(state == 7);
      use.leave();
    }
  }
};
using Use = BasicPinUse<Orders>;

TEST(PinModel, NothingIsFreedUnderASection) { expect_sound<Revoking<Use>>(); }

class WeakenedPin : public testing::TestWithParam<WeakenedOrder> {};
TEST_P(WeakenedPin, IsCaught) {
  const Weakened weakened(*GetParam().order, GetParam().weaker);
  expect_caught<Revoking<Use>>();
}
INSTANTIATE_TEST_SUITE_P(Model, WeakenedPin,
                         testing::Values(WeakenedOrder{"LeaveRelaxed", &Orders::kLeave, sync::kRelaxed},
                                         WeakenedOrder{"RevokeRelaxed", &Orders::kRevoke, sync::kRelaxed}),
                         name_of);

}  // namespace
}  // namespace flashkv::model
