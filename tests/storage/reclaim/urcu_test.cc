// Grace periods by liburcu: when one is over, and what happens at the edges of threads and periods.
#include "storage/reclaim/urcu.h"

#include <gtest/gtest.h>

#include <memory>

#include "tests/storage/reclaim/period_cases.h"

namespace flashkv::reclaim {
namespace {

using test::await;

TEST(Urcu, TicketZeroHasAlwaysEnded) {
  Urcu periods;
  EXPECT_TRUE(periods.ended(0));
}

TEST(Urcu, APeriodWithoutReadersEndsByItself) {
  Urcu periods;
  const Ticket ticket = periods.start();
  EXPECT_GT(ticket, 0U);
  await(periods, ticket);
  EXPECT_TRUE(periods.ended(ticket));
}

// One begun while another is under way covers what was unlinked after that one began, so it is a later one.
TEST(Urcu, ALaterWishIsALaterPeriod) {
  Urcu periods;
  const Ticket first = periods.start();
  const Ticket second = periods.start();
  const Ticket third = periods.start();
  EXPECT_LT(first, second);
  EXPECT_LE(second, third) << "one period serves both, unless it has begun";
  await(periods, third);
  EXPECT_TRUE(periods.ended(first));
  EXPECT_TRUE(periods.ended(second));
}

// A wish that nobody looked after is part of the next.
TEST(Urcu, AForgottenWishIsJoined) {
  Urcu periods;
  const Ticket first = periods.start();
  const Ticket forgotten = periods.start();
  await(periods, first);
  const Ticket next = periods.start();
  EXPECT_GE(next, forgotten);
  await(periods, next);
  EXPECT_TRUE(periods.ended(forgotten));
}

TEST(Urcu, ObjectsHavePeriodsOfTheirOwn) {
  Urcu a;
  Urcu b;
  const Ticket of_a = a.start();
  EXPECT_FALSE(b.ended(of_a + 1));
  await(a, of_a);
  await(b, b.start());
}

TEST(Urcu, ItsEndWaitsForThePeriodUnderWay) {
  for (int i = 0; i < 3; ++i) {
    auto periods = std::make_unique<Urcu>();
    periods->start();
    periods->start();
    periods.reset();
  }
}

TEST(Urcu, AnOpenSectionHoldsThePeriodThatBeganAfterIt) {
  Urcu periods;
  test::an_open_section_holds_the_period(periods);
}
TEST(Urcu, ASectionInsideAnotherLeavesTheOuterOneOpen) {
  Urcu periods;
  test::nested_sections_hold_the_period(periods);
}
TEST(Urcu, ThreadsComeAndGo) {
  Urcu periods;
  test::threads_come_and_go(periods);
}
TEST(Urcu, NothingIsFreedUnderAReader) { test::nothing_is_freed_under_a_reader<Urcu>(100); }

}  // namespace
}  // namespace flashkv::reclaim
