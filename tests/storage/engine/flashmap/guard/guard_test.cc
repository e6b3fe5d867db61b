// What both guard policies promise to readers and to the writer.
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <iterator>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "tests/storage/engine/flashmap/guard/policies.h"
#include "tests/support/deadline.h"

namespace flashkv::flashmap {
namespace {

constexpr Nanos kShortBudget = 2 * kNanosPerMilli;
constexpr std::chrono::seconds kTestTime{20};

template <typename Guards>
class GuardTest : public testing::Test {
 protected:
  GuardTest() { test::finish_within(kTestTime); }

  Guarded<Guards> state_;
  Guards& guards_ = state_.guards;
};
TYPED_TEST_SUITE(GuardTest, Policies, PolicyNames);

TYPED_TEST(GuardTest, TheFirstHalfIsCurrentAndTheOtherMayBeWrittenAtOnce) {
  EXPECT_EQ(this->guards_.current(), &this->state_.halves[0]);
  EXPECT_EQ(this->guards_.other(), &this->state_.halves[1]);
  EXPECT_TRUE(this->guards_.wait_drained(0));
}

TYPED_TEST(GuardTest, AGuardOpenedAfterASwapSeesTheNewHalf) {
  auto reader = this->guards_.make_reader();
  for (std::uint64_t revision = 1; revision <= 5; ++revision) {
    ASSERT_TRUE(this->state_.write(revision, 0));
    const auto half = reader.enter();
    EXPECT_EQ(half, this->guards_.current());
    EXPECT_EQ(half->read(), revision);
    reader.leave(half);
  }
}

TYPED_TEST(GuardTest, AGuardOpenedBeforeASwapKeepsItsHalf) {
  auto reader = this->guards_.make_reader();
  const auto half = reader.enter();
  ASSERT_TRUE(this->state_.write(1, 0));
  EXPECT_FALSE(this->state_.write(2, 0));
  EXPECT_EQ(half->read(), 0U);
  reader.leave(half);
  EXPECT_TRUE(this->state_.write(2, 0));
}

TYPED_TEST(GuardTest, AReaderMadeBetweenSwapsSeesTheCurrentHalf) {
  for (std::uint64_t revision = 1; revision <= 3; ++revision) {
    ASSERT_TRUE(this->state_.write(revision, 0));
    auto reader = this->guards_.make_reader();
    const auto half = reader.enter();
    EXPECT_EQ(half->read(), revision);
    reader.leave(half);
  }
}

TYPED_TEST(GuardTest, GuardsNestedAcrossASwapAreDroppedInEitherOrder) {
  for (const bool outer_first : {true, false}) {
    SCOPED_TRACE(outer_first ? "outer first" : "inner first");
    const std::uint64_t revision = outer_first ? 1 : 2;
    auto reader = this->guards_.make_reader();
    const auto outer = reader.enter();
    ASSERT_TRUE(this->state_.write(revision, 0));
    const auto inner = reader.enter();
    EXPECT_FALSE(this->guards_.wait_drained(0));
    EXPECT_EQ(outer->read(), revision - 1);
    EXPECT_NE(inner->read(), SelfVerifyingHalf::kTorn);
    reader.leave(outer_first ? outer : inner);
    EXPECT_NE((outer_first ? inner : outer)->read(), SelfVerifyingHalf::kTorn);
    reader.leave(outer_first ? inner : outer);
    EXPECT_TRUE(this->guards_.wait_drained(0));
  }
}

TYPED_TEST(GuardTest, EveryReaderOfTheOldHalfIsWaitedFor) {
  std::vector<typename TypeParam::Reader> readers;
  for (int i = 0; i < 64; ++i) readers.push_back(this->guards_.make_reader());
  const auto first = readers[3].enter();
  const auto second = readers[60].enter();
  ASSERT_TRUE(this->state_.write(1, 0));
  EXPECT_FALSE(this->guards_.wait_drained(0));
  readers[3].leave(first);
  EXPECT_FALSE(this->guards_.wait_drained(0));
  const auto newer = readers[3].enter();  // of the current half: nobody waits for it
  readers[60].leave(second);
  EXPECT_TRUE(this->guards_.wait_drained(0));
  EXPECT_EQ(newer->read(), 1U);
  readers[3].leave(newer);
}

TYPED_TEST(GuardTest, AStalledReaderRunsTheWaitOutAndALaterOneSucceeds) {
  auto reader = this->guards_.make_reader();
  const auto half = reader.enter();
  ASSERT_TRUE(this->state_.write(1, 0));
  EXPECT_FALSE(this->guards_.wait_drained(kShortBudget));
  EXPECT_FALSE(this->guards_.wait_drained(kShortBudget));
  EXPECT_EQ(half->read(), 0U);
  reader.leave(half);
  EXPECT_TRUE(this->guards_.wait_drained(kShortBudget));
}

TYPED_TEST(GuardTest, AnUnlimitedWaitEndsWhenTheReaderLeaves) {
  for (std::uint64_t revision = 1; revision <= 20; ++revision) {
    auto reader = this->guards_.make_reader();
    const auto half = reader.enter();
    ASSERT_TRUE(this->state_.write(revision, 0));
    bool drained = false;
    std::atomic<bool> about_to_wait{false};
    std::thread writer([&] {
      about_to_wait.store(true);
      drained = this->guards_.wait_drained(kNever);
    });
    while (!about_to_wait.load()) std::this_thread::yield();
    EXPECT_EQ(half->read(), revision - 1);
    reader.leave(half);
    writer.join();
    EXPECT_TRUE(drained);
  }
}

TYPED_TEST(GuardTest, AReaderCanBeMadeAndDroppedWhileAGuardIsHeldAndTheWriterWaits) {
  auto reader = this->guards_.make_reader();
  const auto half = reader.enter();
  ASSERT_TRUE(this->state_.write(1, 0));
  std::thread writer([&] { EXPECT_TRUE(this->guards_.wait_drained(kNever)); });
  for (int i = 0; i < 100; ++i) {
    auto another = this->guards_.make_reader();
    const auto newer = another.enter();
    EXPECT_EQ(newer->read(), 1U);
    another.leave(newer);
  }
  reader.leave(half);
  writer.join();
}

TYPED_TEST(GuardTest, AReaderCanBeMovedWithItsGuardInside) {
  auto reader = this->guards_.make_reader();
  auto half = reader.enter();
  auto moved = std::move(reader);
  ASSERT_TRUE(this->state_.write(1, 0));
  EXPECT_FALSE(this->guards_.wait_drained(0));
  moved.leave(half);
  EXPECT_TRUE(this->guards_.wait_drained(0));
  moved = this->guards_.make_reader();
  half = moved.enter();
  EXPECT_EQ(half->read(), 1U);
  moved.leave(half);
}

TYPED_TEST(GuardTest, ThePolicyCanGoWhileAReaderIsStuckInside) {
  SelfVerifyingHalf halves[2];
  std::optional<TypeParam> guards(std::in_place, &halves[0], &halves[1]);
  auto residual = guards->make_reader();
  const auto old_half = residual.enter();
  guards->other()->set(1);
  guards->swap();
  auto fresh = guards->make_reader();
  const auto new_half = fresh.enter();
  guards.reset();
  EXPECT_EQ(old_half->read(), 0U);
  EXPECT_EQ(new_half->read(), 1U);
  residual.leave(old_half);
  fresh.leave(new_half);
}

template <typename Guards>
class GuardDeathTest : public GuardTest<Guards> {
 protected:
  void SetUp() override { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};
TYPED_TEST_SUITE(GuardDeathTest, Policies, PolicyNames);

TYPED_TEST(GuardDeathTest, SwappingWhileAReaderHoldsTheOtherHalfAborts) {
  auto reader = this->guards_.make_reader();
  const auto half = reader.enter();
  this->guards_.swap();
  EXPECT_DEATH(this->guards_.swap(), "flashkv: swap while readers hold the other half");
  reader.leave(half);
}

TYPED_TEST(GuardDeathTest, AReaderThatDiesWithAGuardInsideAborts) {
  EXPECT_DEATH(
      {
        auto reader = this->guards_.make_reader();
        reader.enter();
      },
      "flashkv: a reader died with a guard inside");
}

TEST(RefcountGuards, ANestedGuardSeesTheNewHalfAndHoldsNobodyUp) {
  Guarded<Refcount> state;
  auto reader = state.guards.make_reader();
  const auto outer = reader.enter();
  ASSERT_TRUE(state.write(1, 0));
  const auto inner = reader.enter();
  EXPECT_EQ(inner->read(), 1U);
  reader.leave(outer);
  EXPECT_TRUE(state.write(2, 0));
  EXPECT_EQ(inner->read(), 1U);
  reader.leave(inner);
  EXPECT_TRUE(state.write(3, 0));
}

TEST(RefcountGuards, AResidualGuardMayBeDroppedByAnotherThread) {
  test::finish_within(kTestTime);
  Guarded<Refcount> state;
  auto reader = state.guards.make_reader();
  const auto residual = reader.enter();
  ASSERT_TRUE(state.write(1, 0));
  const auto newer = reader.enter();
  std::thread other([&] {
    EXPECT_EQ(residual->read(), 0U);
    reader.leave(residual);
  });
  EXPECT_TRUE(state.guards.wait_drained(kNever));
  other.join();
  EXPECT_EQ(newer->read(), 1U);
  reader.leave(newer);
}

// From now on membarrier() fails in this thread as in a kernel that is short of memory. False: not permitted
// here.
bool deny_membarrier() {
  sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_membarrier, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOMEM),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program{static_cast<unsigned short>(std::size(code)), code};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0;
}

// The wait is begun by a thread whose membarrier() fails and goes on in one whose works.
TEST(AsymmetricGuards, AFailedMembarrierLeavesTheHalfTakenUntilOneWorks) {
  test::finish_within(kTestTime);
  Guarded<Asymmetric> state;
  const auto idle = state.guards.make_reader();  // never enters the new half: only a fence can tell
  ASSERT_TRUE(state.write(1, 0));
  std::thread([&] {
    const bool fails = sync::register_membarrier() && deny_membarrier();
    EXPECT_EQ(state.guards.wait_drained(0), !fails);
    EXPECT_EQ(state.guards.wait_drained(kShortBudget), !fails);
  }).join();
  EXPECT_TRUE(state.guards.wait_drained(0));
  EXPECT_TRUE(state.write(2, 0));
}

TEST(AsymmetricGuards, ANestedGuardSharesTheOuterHalf) {
  for (const bool membarrier : {sync::register_membarrier(), false}) {
    SelfVerifyingHalf halves[2];
    Asymmetric guards(&halves[0], &halves[1], membarrier);
    auto reader = guards.make_reader();
    const auto outer = reader.enter();
    guards.swap();
    const auto inner = reader.enter();
    EXPECT_EQ(inner, outer);
    reader.leave(outer);
    EXPECT_FALSE(guards.wait_drained(0));
    reader.leave(inner);
    EXPECT_TRUE(guards.wait_drained(0));
  }
}

}  // namespace
}  // namespace flashkv::flashmap
