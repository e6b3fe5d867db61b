// The places of threads that wait for a publish, under a model checker: as they are, and with each of their
// memory orders weakened.
#include <gtest/gtest.h>

#include "storage/watch/publish_waits.h"
#include "tests/model/weakening.h"

namespace flashkv::model {
namespace {

struct Orders {
  static inline sync::MemoryOrder kArm = PublishWaitOrders::kArm;
  static inline sync::MemoryOrder kReach = PublishWaitOrders::kReach;
  static inline sync::MemoryOrder kLook = PublishWaitOrders::kLook;
  static inline sync::MemoryOrder kTake = PublishWaitOrders::kTake;
  static inline sync::MemoryOrder kJoin = PublishWaitOrders::kJoin;
  static inline sync::MemoryOrder kLeave = PublishWaitOrders::kLeave;
};

// A thread's request: what the thread wrote into it, and how often it must come back and has.
struct Waiter {
  sync::Plain<unsigned> payload{0};
  unsigned owed = 0;
  unsigned given = 0;
};

// Purpose: a writer that publishes `kPublishes` revisions, and what a thread does around its place.
template <std::size_t Places, unsigned kPublishes>
struct Waiting {
  using Waits = BasicPublishWaits<Waiter, Places, Orders>;
  Waits waits;
  sync::Atomic<unsigned> published{0};
  Waiter waiters[2];

  void publish_all() {
    for (unsigned revision = 1; revision <= kPublishes; ++revision) {
      published.store(revision, sync::kSeqCst);
      waits.take([](Waiter& w) {
        RL_ASSERT(w.payload == 7);
        w.payload = 8;
        ++w.given;
      });
    }
  }
  void arm(typename Waits::Place& place, Waiter& w) {
    w.payload = 7;
    place.arm();
    ++w.owed;
  }
  // False: the writer has the request, or will give it back.
  bool take_back(typename Waits::Place& place, Waiter& w) {
    if (!place.disarm()) return false;
    --w.owed;
    w.payload = 0;
    return true;
  }
  void expect_given() {
    for (const Waiter& w : waiters) RL_ASSERT(w.given == w.owed);
  }
};

// W1: whoever has not seen the last revision hears of it.
struct Sleepers : Waiting<2, 2>, rl::test_suite<Sleepers, 3> {
  void thread(unsigned index) {
    if (index == 2) return publish_all();
    Waiter& w = waiters[index];
    auto& place = *waits.join(w);
    arm(place, w);
    while (published.load(sync::kSeqCst) == 2 && take_back(place, w)) return;
  }
  void after() { expect_given(); }
};

// W2: a thread leaves with its request armed, and another takes its place.
struct Leaving : Waiting<1, 2>, rl::test_suite<Leaving, 3> {
  void thread(unsigned index) {
    if (index == 2) return publish_all();
    Waiter& w = waiters[index];
    auto* const place = waits.join(w);
    if (place == nullptr) return;
    arm(*place, w);
    if (take_back(*place, w)) {
      arm(*place, w);
      take_back(*place, w);
    }
    place->leave();
  }
  void after() { expect_given(); }
};

TEST(PublishWaitsModel, NoPublishIsMissed) { expect_sound<Sleepers>(); }
TEST(PublishWaitsModel, WhatIsArmedComesBackOnceToItsOwner) { expect_sound<Leaving>(); }

class WeakenedPublishWaits : public testing::TestWithParam<WeakenedOrder> {};
TEST_P(WeakenedPublishWaits, IsCaught) {
  const Weakened weakened(*GetParam().order, GetParam().weaker);
  expect_caught<Sleepers, Leaving>();
}
INSTANTIATE_TEST_SUITE_P(Model, WeakenedPublishWaits,
                         testing::Values(WeakenedOrder{"ArmRelease", &Orders::kArm, sync::kRelease},
                                         WeakenedOrder{"ReachAcqRel", &Orders::kReach, sync::kAcqRel},
                                         WeakenedOrder{"LookAcquire", &Orders::kLook, sync::kAcquire},
                                         WeakenedOrder{"TakeRelaxed", &Orders::kTake, sync::kRelaxed},
                                         WeakenedOrder{"JoinRelaxed", &Orders::kJoin, sync::kRelaxed},
                                         WeakenedOrder{"LeaveRelaxed", &Orders::kLeave, sync::kRelaxed}),
                         name_of);

}  // namespace
}  // namespace flashkv::model
