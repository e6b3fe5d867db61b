// The store's own clock: boot time, shifted once.
#include "storage/sync/clock.h"

#include <gtest/gtest.h>
#include <time.h>

#include <algorithm>
#include <thread>

namespace flashkv {
namespace {

Nanos read(clockid_t id) {
  timespec t{};
  clock_gettime(id, &t);
  return static_cast<Nanos>(t.tv_sec) * 1'000'000'000 + t.tv_nsec;
}

// How far the store's clock is ahead of boot time: between the two.
struct Offset {
  Nanos least;
  Nanos most;
};
Offset offset() {
  const Nanos before = read(CLOCK_BOOTTIME);
  const Nanos now = system_clock().now();
  const Nanos after = read(CLOCK_BOOTTIME);
  return {now - after, now - before};
}

TEST(SystemClock, IsBootTimeShiftedByTheSameEachTime) {
  const Offset first = offset();
  for (int i = 0; i < 1'000; ++i) {
    const Offset again = offset();
    ASSERT_LE(again.least, first.most);
    ASSERT_GE(again.most, first.least);
  }
}

TEST(SystemClock, StartedWithTheWallClock) {
  system_clock();
  const Nanos wall = read(CLOCK_REALTIME);
  EXPECT_NEAR(static_cast<double>(system_clock().now() - wall), 0, 60e9)
      << "60 s: a wall clock that is set meanwhile is not followed";
}

TEST(SystemClock, NeverStepsBackForAnyThread) {
  Nanos last = system_clock().now();
  for (int i = 0; i < 100; ++i) {
    Nanos there = 0;
    std::thread([&there] { there = system_clock().now(); }).join();
    ASSERT_GE(there, last);
    last = system_clock().now();
    ASSERT_GE(last, there);
  }
}

}  // namespace
}  // namespace flashkv
