// When the writer goes to sleep, and when it does not. The linker hands each of its sleeps to this file
// (--wrap), which counts them: nothing here depends on how long one takes.
#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <span>

#include "storage/sync/sync.h"
#include "storage/writer/writer.h"
#include "tests/support/calls.h"
#include "tests/support/engine_cases.h"

namespace flashkv::test {

thread_local int* sleeps = nullptr;  // while set, sleeps of this thread end at once and are counted here

// sync::wait_word() as the program calls it, and as the library has it: the names are the linker's.
using Word = sync::Atomic<std::uint32_t>;
void wait_word_of_library(Word& word, std::uint32_t expected, Nanos left) noexcept
    asm("__real__ZN7flashkv4sync9wait_wordERSt6atomicIjEjl");
void wait_word_of_tests(Word& word, std::uint32_t expected, Nanos left) noexcept
    asm("__wrap__ZN7flashkv4sync9wait_wordERSt6atomicIjEjl");
void wait_word_of_tests(Word& word, std::uint32_t expected, Nanos left) noexcept {
  if (sleeps == nullptr) return wait_word_of_library(word, expected, left);
  if (word.load(sync::kRelaxed) == expected) ++*sleeps;
}

namespace {

// Due when the test says so. It has nothing to offer.
class Late final : public Source {
 public:
  Nanos due() const noexcept override { return at; }
  Request* offer(std::uint64_t, Nanos, std::uint64_t) noexcept override { return nullptr; }
  void take_back(Request*) noexcept override {}

  Nanos at = kNever;
};

class WaitingTest : public ::testing::Test {
 protected:
  ~WaitingTest() override {
    writer.close();
    writer.finish(kNever);
  }
  // How often wait_until() sleeps.
  int sleeps_until(Nanos time) {
    int counted = 0;
    sleeps = &counted;
    writer.wait_until(time);
    sleeps = nullptr;
    return counted;
  }

  ManualClock clock;
  CountingSink sink;
  Late source;
  TestTable made{engine_cases().front().make(KeyHash(7))};
  std::array<Source*, 1> sources{&source};
  const StoreLimits limits;
  Writer writer{*made.table, PublishPolicy{}, limits, clock, std::span<Source* const>(sources)};
};

TEST_F(WaitingTest, AWriterWithNothingToDoSleepsOnce) {
  EXPECT_EQ(writer.step(), kNever);
  EXPECT_EQ(sleeps_until(kNever), 1);
  EXPECT_EQ(sleeps_until(clock.now() + 1), 1);
  EXPECT_EQ(sleeps_until(clock.now()), 0) << "it is time";
}

// A source that is fed after the step asked it, and whose wake() came before the bell was armed.
TEST_F(WaitingTest, ASourceThatBecameDueAfterTheStepIsNotSleptOver) {
  const Nanos next = writer.step();
  source.at = clock.now() + 1;
  EXPECT_EQ(sleeps_until(next), 1) << "not due yet";
  source.at = clock.now();
  EXPECT_EQ(sleeps_until(next), 0) << "due now";
}

TEST_F(WaitingTest, ARequestThatCameAfterTheStepIsNotSleptOver) {
  const Nanos next = writer.step();
  Call call;
  call.get("a").op().hash = KeyHash(7)("a");
  call.sink = &sink;
  ASSERT_EQ(writer.submit(call), Admission::kAccepted);
  EXPECT_EQ(sleeps_until(next), 0);
  writer.step();
  EXPECT_TRUE(call.done());
}

}  // namespace
}  // namespace flashkv::test
