// Retired memory is freed after a period that began later, and never twice.
#include "storage/reclaim/retire_list.h"

#include <gtest/gtest.h>

#include <array>

#include "tests/storage/reclaim/controlled_periods.h"
#include "tests/support/failing_new.h"

namespace flashkv::reclaim {
namespace {

class RetireListTest : public ::testing::Test {
 protected:
  static void count(void* times) noexcept { ++*static_cast<int*>(times); }
  void retire(int& times, std::size_t bytes = 10) {
    ASSERT_TRUE(list.reserve(1));
    list.retire(&times, &count, bytes);
    list.drop_reservations();
  }
  void end_all() { periods.end(periods.started()); }

  flashkv::test::ControlledPeriods periods;
  RetireList list;
};

TEST_F(RetireListTest, NothingIsFreedBeforeItsPeriodIsOver) {
  int a = 0;
  retire(a, 24);
  EXPECT_EQ(list.bytes(), 24U);
  list.collect(periods);
  list.collect(periods);
  EXPECT_EQ(a, 0);
  EXPECT_EQ(periods.started(), 1U);
  end_all();
  list.collect(periods);
  EXPECT_EQ(a, 1);
  EXPECT_EQ(list.bytes(), 0U);
  EXPECT_TRUE(list.empty());
  list.collect(periods);
  EXPECT_EQ(a, 1);
  EXPECT_EQ(periods.started(), 1U) << "nothing waits, no period begins";
}

// A period that began before something was retired does not cover it.
TEST_F(RetireListTest, WhatComesDuringAPeriodWaitsForTheNext) {
  int a = 0;
  int b = 0;
  retire(a);
  list.collect(periods);
  retire(b);
  EXPECT_EQ(list.bytes(), 20U);
  end_all();
  list.collect(periods);
  EXPECT_EQ(a, 1);
  EXPECT_EQ(b, 0);
  EXPECT_EQ(periods.started(), 2U);
  end_all();
  list.collect(periods);
  EXPECT_EQ(b, 1);
  EXPECT_TRUE(list.empty());
}

TEST_F(RetireListTest, BeginStartsAPeriodAndFreesNothing) {
  int a = 0;
  int b = 0;
  retire(a);
  list.begin(periods);
  end_all();
  EXPECT_EQ(a, 0);
  retire(b);
  list.begin(periods);
  EXPECT_EQ(periods.started(), 1U) << "the first is not settled yet";
  list.collect(periods);
  EXPECT_EQ(a, 1);
  EXPECT_EQ(b, 0);
  end_all();
  list.collect(periods);
  EXPECT_EQ(b, 1);
}

TEST_F(RetireListTest, APeriodThatIsOverAtOnceFreesAtOnce) {
  int a = 0;
  retire(a);
  periods.end(~Ticket{0});
  list.collect(periods);
  EXPECT_EQ(a, 1);
}

TEST_F(RetireListTest, TheRestIsFreedAtTheEnd) {
  int a = 0;
  int b = 0;
  {
    RetireList short_lived;
    ASSERT_TRUE(short_lived.reserve(2));
    short_lived.retire(&a, &count, 1);
    short_lived.collect(periods);
    short_lived.retire(&b, &count, 1);
  }
  EXPECT_EQ(a, 1);
  EXPECT_EQ(b, 1);
}

// Reservations add up; those of a batch that used none lapse.
TEST_F(RetireListTest, WhatIsReservedNeedsNoMemoryLater) {
  std::array<int, 100> times{};
  for (int round = 0; round < 20; ++round) {
    for (int i = 0; i < 10; ++i) ASSERT_TRUE(list.reserve(10));
    flashkv::test::allocations_left = 0;
    for (int& t : times) list.retire(&t, &count, 1);
    list.drop_reservations();
    list.begin(periods);
    end_all();
    list.collect(periods);
    flashkv::test::allocations_left = -1;
  }
  for (const int t : times) EXPECT_EQ(t, 20);
}

TEST_F(RetireListTest, WithoutMemoryReserveIsRefusedAndPromisesNothing) {
  int a = 0;
  ASSERT_TRUE(list.reserve(1));
  flashkv::test::allocations_left = 0;
  const bool refused = !list.reserve(1'000);
  list.retire(&a, &count, 1);
  flashkv::test::allocations_left = -1;
  EXPECT_TRUE(refused);
  list.drop_reservations();
  EXPECT_EQ(list.bytes(), 1U);
  EXPECT_TRUE(list.reserve(1'000));
}

}  // namespace
}  // namespace flashkv::reclaim
