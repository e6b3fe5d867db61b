#include "tests/support/deadline.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>

namespace flashkv::test {
namespace {

using std::chrono::milliseconds;

// In a process of its own, which runs this test from its start.
TEST(DeadlineDeathTest, ATestThatHangsEndsTheProgramAndIsNamed) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto hang = [] {
    finish_within(milliseconds(50));
    for (;;) ::pause();
  };
  EXPECT_EXIT(hang(), ::testing::ExitedWithCode(1),
              "DeadlineDeathTest.ATestThatHangsEndsTheProgramAndIsNamed: still running after 0\\.");
}

}  // namespace
}  // namespace flashkv::test
