#include "storage/writer/publish_schedule.h"

#include <gtest/gtest.h>

namespace flashkv {
namespace {

constexpr Nanos kStart = 1000;

TEST(PublishScheduleTest, NoIntervalMeansAtOnce) {
  for (const bool adaptive : {true, false}) {
    PublishSchedule s({0, 1, adaptive}, kStart);
    EXPECT_EQ(s.due(), PublishSchedule::kAtOnce);
    s.published(kStart + 5);
    EXPECT_EQ(s.due(), PublishSchedule::kAtOnce);
  }
}

TEST(PublishScheduleTest, AdaptiveKeepsTheGapAfterTheLastPublish) {
  PublishSchedule s({100, 1, true}, kStart);
  EXPECT_LE(s.due(), kStart) << "never published: at once";
  s.published(kStart + 30);
  EXPECT_EQ(s.due(), kStart + 130);
  s.skip_idle_ticks(kStart + 1000);
  EXPECT_EQ(s.due(), kStart + 130);
}

TEST(PublishScheduleTest, TicksAreMultiplesCountedFromTheStart) {
  PublishSchedule s({100, 1, false}, kStart);
  EXPECT_EQ(s.due(), kStart + 100);
  s.skip_idle_ticks(kStart + 99);
  EXPECT_EQ(s.due(), kStart + 100);
  s.skip_idle_ticks(kStart + 100);
  EXPECT_EQ(s.due(), kStart + 200);
  s.skip_idle_ticks(kStart + 777);
  EXPECT_EQ(s.due(), kStart + 800);
  s.published(kStart + 805);
  EXPECT_EQ(s.due(), kStart + 900);
}

TEST(PublishScheduleTest, AShorterIntervalActsOnAWaitThatHasBegun) {
  PublishSchedule s({1'000'000, 1, true}, kStart);
  s.published(kStart);
  s.set({100, 7, true}, kStart + 500);
  EXPECT_EQ(s.due(), kStart + 100);
  EXPECT_EQ(s.policy().max_batch, 7U);
  s.set({100, 7, false}, kStart + 500);
  EXPECT_EQ(s.due(), kStart + 600);
}

}  // namespace
}  // namespace flashkv
