// Grace periods by epochs: when one is over, and what happens at the edges of sections.
#include "storage/reclaim/epoch.h"

#include <gtest/gtest.h>

#include <utility>

#include "tests/storage/reclaim/period_cases.h"

namespace flashkv::reclaim {
namespace {

TEST(Epoch, APeriodWithoutReadersIsOverAtOnce) {
  Epoch periods;
  EXPECT_TRUE(periods.ended(0));
  const Ticket first = periods.start();
  const Ticket second = periods.start();
  EXPECT_LT(first, second);
  EXPECT_TRUE(periods.ended(second));
  EXPECT_TRUE(periods.ended(first));
}

// On one thread, so each step has one outcome.
TEST(Epoch, ASectionHoldsThePeriodsThatBeganAfterIt) {
  Epoch periods;
  auto section = periods.make_section();
  const Ticket before = periods.start();
  section.lock();
  EXPECT_TRUE(periods.ended(before)) << "the section was opened later";
  const Ticket after = periods.start();
  EXPECT_FALSE(periods.ended(after));
  EXPECT_TRUE(periods.ended(before));
  section.unlock();
  EXPECT_TRUE(periods.ended(after));
}

TEST(Epoch, ASectionOpenedAgainIsANewOne) {
  Epoch periods;
  auto section = periods.make_section();
  section.lock();
  const Ticket ticket = periods.start();
  section.unlock();
  section.lock();
  EXPECT_TRUE(periods.ended(ticket));
  section.unlock();
}

TEST(Epoch, OneOfSeveralSectionsIsEnoughToHold) {
  Epoch periods;
  auto a = periods.make_section();
  auto b = periods.make_section();
  a.lock();
  b.lock();
  const Ticket ticket = periods.start();
  a.unlock();
  EXPECT_FALSE(periods.ended(ticket));
  b.unlock();
  EXPECT_TRUE(periods.ended(ticket));
}

TEST(Epoch, AMovedSectionGoesOn) {
  Epoch periods;
  auto first = periods.make_section();
  first.lock();
  const Ticket ticket = periods.start();
  auto second = std::move(first);
  EXPECT_FALSE(periods.ended(ticket));
  second.unlock();
  EXPECT_TRUE(periods.ended(ticket));
  auto third = periods.make_section();
  third = std::move(second);
  third.lock();
  EXPECT_FALSE(periods.ended(periods.start()));
  third.unlock();
}

TEST(EpochDeathTest, ASectionThatDiesLockedEndsTheProcess) {
  EXPECT_DEATH(
      {
        Epoch periods;
        auto section = periods.make_section();
        section.lock();
      },
      "a read section died locked");
}

TEST(Epoch, AnOpenSectionHoldsThePeriodThatBeganAfterIt) {
  Epoch periods;
  test::an_open_section_holds_the_period(periods);
}
TEST(Epoch, ASectionInsideAnotherLeavesTheOuterOneOpen) {
  Epoch periods;
  test::nested_sections_hold_the_period(periods);
}
TEST(Epoch, ThreadsComeAndGo) {
  Epoch periods;
  test::threads_come_and_go(periods);
}
TEST(Epoch, NothingIsFreedUnderAReader) { test::nothing_is_freed_under_a_reader<Epoch>(20'000); }

}  // namespace
}  // namespace flashkv::reclaim
