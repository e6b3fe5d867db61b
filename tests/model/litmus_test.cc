// The orders that wake-ups and publishes rest on, tried in every execution that C++ allows: each is enough,
// and each is needed.
#include "tests/model/litmus.h"

#include <gtest/gtest.h>

#include "storage/engine/flashmap/guard_asymmetric.h"
#include "storage/engine/flashmap/guard_publish.h"
#include "storage/engine/flashmap/guard_refcount.h"
#include "storage/request/completion_stack.h"
#include "storage/request/doorbell.h"
#include "storage/request/request_queue.h"

namespace flashkv::model {
namespace {

using flashmap::AsymmetricOrders;
using flashmap::PublishOrders;
using flashmap::RefcountOrders;
using sync::kAcqRel;
using sync::kAcquire;
using sync::kRelaxed;
using sync::kRelease;
using sync::kSeqCst;
using Order = sync::MemoryOrder;

// The two words of every program here.
constexpr unsigned kX = 0;
constexpr unsigned kY = 1;

// What is known to be so, for the enumeration itself.
TEST(Litmus, StoreBuffering) {
  const auto both_miss = [](Order order_of_store, Order order_of_load) {
    return Litmus({{store(kX, 1, order_of_store), load(kY, order_of_load)},
                   {store(kY, 1, order_of_store), load(kX, order_of_load)}},
                  {0, 0})
        .may_end([](const Litmus::Reads& read) { return read[0][1] == 0 && read[1][1] == 0; });
  };
  EXPECT_FALSE(both_miss(kSeqCst, kSeqCst));
  EXPECT_TRUE(both_miss(kRelease, kAcquire));
  EXPECT_TRUE(both_miss(kSeqCst, kAcquire));
  EXPECT_TRUE(both_miss(kRelease, kSeqCst));
}
TEST(Litmus, MessagePassing) {
  const auto stale = [](Order order_of_store, Order order_of_load) {
    return Litmus({{store(kX, 1, kRelaxed), store(kY, 1, order_of_store)},
                   {load(kY, order_of_load), load(kX, kRelaxed)}},
                  {0, 0})
        .may_end([](const Litmus::Reads& read) { return read[1][0] == 1 && read[1][1] == 0; });
  };
  EXPECT_FALSE(stale(kRelease, kAcquire));
  EXPECT_TRUE(stale(kRelaxed, kAcquire));
  EXPECT_TRUE(stale(kRelease, kRelaxed));
}
TEST(Litmus, AReadModifyWriteCarriesAReleaseOn) {
  EXPECT_FALSE(Litmus({{store(kX, 1, kRelaxed), store(kY, 1, kRelease)},
                       {exchange(kY, 2, kRelaxed)},
                       {load(kY, kAcquire), load(kX, kRelaxed)}},
                      {0, 0})
                   .may_end([](const Litmus::Reads& read) {
                     return read[1][0] == 1 && read[2][0] == 2 && read[2][1] == 0;
                   }));
}

// W3: the consumer was woken once (kX is 1) and comes; a producer adds to kY and finds it woken. Lost: the
// consumer has taken the word without what was added, and nobody wakes it.
bool completion_is_lost(Order give, Order take, Order wake, Order reset) {
  return Litmus(
             {{exchange(kY, 1, give), exchange(kX, 1, wake)}, {store(kX, 0, reset), exchange(kY, 0, take)}},
             {1, 0})
      .may_end([](const Litmus::Reads& read) { return read[0][1] == 1 && read[1][1] == 0; });
}
TEST(CompletionLitmus, AcquireAndReleaseLoseNoWakeUp) {
  using O = CompletionOrders;
  EXPECT_FALSE(completion_is_lost(O::kGive, O::kTake, O::kWake, O::kReset));
  EXPECT_TRUE(completion_is_lost(kRelease, O::kTake, O::kWake, O::kReset));
  EXPECT_TRUE(completion_is_lost(O::kGive, kAcquire, O::kWake, O::kReset));
}
// Why notify() changes its flag by an exchange, too: a plain store needs all four in one order.
TEST(CompletionLitmus, APlainStoreOfTheWordNeedsSequentialConsistency) {
  const auto lost = [](Order give, Order reset, Order rest) {
    return Litmus({{store(kY, 1, give), exchange(kX, 1, rest)}, {store(kX, 0, reset), exchange(kY, 0, rest)}},
                  {1, 0})
        .may_end([](const Litmus::Reads& read) { return read[0][1] == 1 && read[1][1] == 0; });
  };
  EXPECT_FALSE(lost(kSeqCst, kSeqCst, kSeqCst));
  EXPECT_TRUE(lost(kRelease, kSeqCst, kSeqCst));
  EXPECT_TRUE(lost(kRelease, kRelease, kAcqRel));
}

// W1: the sleeper arms the bell (kX) and finds no work; the submitter adds work (kY) and finds the bell at
// rest.
bool ring_is_lost(Order arm, Order idle, Order link, Order ring) {
  return Litmus({{store(kX, 1, arm), load(kY, idle)}, {exchange(kY, 1, link), load(kX, ring)}}, {0, 0})
      .may_end([](const Litmus::Reads& read) { return read[0][1] == 0 && read[1][1] == 0; });
}
TEST(DoorbellLitmus, OnlySequentialConsistencyLosesNoWakeUp) {
  using Q = QueueOrders;
  using B = DoorbellOrders;
  for (const Order work : {Q::kLink, Q::kClose}) {
    EXPECT_FALSE(ring_is_lost(B::kArm, Q::kIdle, work, B::kRing));
    EXPECT_TRUE(ring_is_lost(kRelease, Q::kIdle, work, B::kRing));
    EXPECT_TRUE(ring_is_lost(B::kArm, kAcquire, work, B::kRing));
    EXPECT_TRUE(ring_is_lost(B::kArm, Q::kIdle, kAcqRel, B::kRing));
    EXPECT_TRUE(ring_is_lost(B::kArm, Q::kIdle, work, kAcquire));
  }
}

// I1 without membarrier(): the reader enters the old half (its slot is kX, `current` kY) and finds it
// current; the writer swaps and finds the slot empty.
bool guard_is_missed(Order enter, Order look_current, Order swap, Order look_slot) {
  return Litmus({{exchange(kX, 1, enter), load(kY, look_current)}, {store(kY, 1, swap), load(kX, look_slot)}},
                {0, 0})
      .may_end([](const Litmus::Reads& read) { return read[0][1] == 0 && read[1][1] == 0; });
}
TEST(AsymmetricLitmus, OnlySequentialConsistencyMissesNoGuard) {
  using O = AsymmetricOrders;
  EXPECT_FALSE(guard_is_missed(O::kSlotExchange, O::kCurrentLook, O::kCurrentStore, O::kSlotLook));
  EXPECT_TRUE(guard_is_missed(kAcqRel, O::kCurrentLook, O::kCurrentStore, O::kSlotLook));
  EXPECT_TRUE(guard_is_missed(O::kSlotExchange, kAcquire, O::kCurrentStore, O::kSlotLook));
  EXPECT_TRUE(guard_is_missed(O::kSlotExchange, O::kCurrentLook, kRelease, O::kSlotLook));
  EXPECT_TRUE(guard_is_missed(O::kSlotExchange, O::kCurrentLook, O::kCurrentStore, kAcquire));
}

// I5: the writer swaps (kX) and stores the revision (kY); a reader reads the revision and enters.
bool batch_is_missed(const Operation& swap, Order revision, Order look, const Operation& enter) {
  return Litmus({{swap, store(kY, 1, revision)}, {load(kY, look), enter}}, {0, 0})
      .may_end([](const Litmus::Reads& read) { return read[1][0] == 1 && read[1][1] == 0; });
}
TEST(PublishLitmus, TheRevisionPromisesTheBatch) {
  using P = PublishOrders;
  const Operation swap = store(kX, 1, AsymmetricOrders::kCurrentStore);
  const Operation enter = load(kX, AsymmetricOrders::kCurrentLook);
  const Operation flip = exchange(kX, 1, RefcountOrders::kFlip);
  const Operation count = exchange(kX, 2, RefcountOrders::kEnter);
  EXPECT_FALSE(batch_is_missed(swap, P::kStore, P::kLook, enter));
  EXPECT_TRUE(batch_is_missed(swap, kRelaxed, P::kLook, enter));
  EXPECT_TRUE(batch_is_missed(swap, P::kStore, kRelaxed, enter));
  EXPECT_FALSE(batch_is_missed(flip, P::kStore, P::kLook, count));
  EXPECT_TRUE(batch_is_missed(flip, kRelaxed, P::kLook, count));
  EXPECT_TRUE(batch_is_missed(flip, P::kStore, kRelaxed, count));
}

}  // namespace
}  // namespace flashkv::model
