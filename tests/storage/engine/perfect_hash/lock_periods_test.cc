// Periods of one deletion lock.
#include "storage/engine/perfect_hash/lock_periods.h"

#include <gtest/gtest.h>

namespace flashkv::perfect_hash {
namespace {

TEST(LockPeriods, WithoutReadersAPeriodEndsAtOnce) {
  LockPeriods periods;
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(periods.ended(periods.start()));
}

TEST(LockPeriods, LastsAsLongAsAReaderFromBefore) {
  LockPeriods periods;
  const auto before = periods.lock().enter();
  const reclaim::Ticket ticket = periods.start();
  const auto after = periods.lock().enter();
  EXPECT_FALSE(periods.ended(ticket));
  periods.lock().leave(before);
  EXPECT_TRUE(periods.ended(ticket)) << "who came later is not waited for";
  periods.lock().leave(after);
}

// The second start cannot advance the lock again; its period is the next one, not the current one.
TEST(LockPeriods, AStartDuringAPeriodJoinsTheNext) {
  LockPeriods periods;
  const auto first = periods.lock().enter();
  const reclaim::Ticket one = periods.start();
  const auto second = periods.lock().enter();
  const reclaim::Ticket two = periods.start();
  EXPECT_EQ(periods.start(), two);
  periods.lock().leave(first);
  EXPECT_TRUE(periods.ended(one));
  EXPECT_FALSE(periods.ended(two));
  periods.lock().leave(second);
  EXPECT_TRUE(periods.ended(two));
}

// Readers overlap so that the lock is never empty.
TEST(LockPeriods, EndUnderReadersWhoComeAllTheTime) {
  LockPeriods periods;
  auto inside = periods.lock().enter();
  for (int i = 0; i < 100; ++i) {
    const reclaim::Ticket ticket = periods.start();
    const auto next = periods.lock().enter();
    periods.lock().leave(inside);
    inside = next;
    ASSERT_TRUE(periods.ended(ticket));
  }
  periods.lock().leave(inside);
}

}  // namespace
}  // namespace flashkv::perfect_hash
