// The memory of large records that were deleted goes back a piece at a time.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "storage/record/large_block.h"
#include "storage/writer/trimmer.h"
#include "tests/support/store_fixture.h"

namespace flashkv::test {
namespace {

using large_block::kMostWaiting;
using large_block::kPiece;
using large_block::kSpareBytes;
using large_block::waiting;

constexpr std::size_t kValues = 20;
constexpr std::size_t kValueBytes = std::size_t{1} << 20;
constexpr std::size_t kEach = large_block::bytes_for(kValueBytes + 64);
static_assert(kValues * kEach > kSpareBytes + 2 * kPiece);

// Blocks that nobody has written to have no pages.
void release_untouched(std::size_t bytes) {
  constexpr std::size_t kOne = std::size_t{8} << 20;
  std::vector<void*> blocks(bytes / kOne);
  for (void*& block : blocks) ASSERT_NE(block = large_block::allocate(kOne), nullptr);
  for (void* block : blocks) large_block::release(block, kOne);
}

class TrimmingTest : public StoreTest {
 protected:
  TrimmingTest() { large_block::trim(0, SIZE_MAX); }

  static std::string key(std::size_t i) { return numbered("large", i); }
  void put_all() {
    for (std::size_t i = 0; i < kValues; ++i) put(key(i), std::string(kValueBytes, 'v'));
  }
  // Deletes all by one request, and steps until the first of their memory is free.
  void delete_all() {
    for (std::size_t i = 0; i < kValues; ++i) erase_.erase(key(i));
    ASSERT_TRUE(submit(erase_).ok());
    for (int i = 0; i < 1'000 && waiting() == 0; ++i) clock.advance(std::max<Nanos>(step() - clock.now(), 0));
    ASSERT_GT(waiting(), 0U) << "nothing was freed";
  }
  Nanos step() { return store().step(); }
  // Steps whenever the writer asks for it.
  void idle(Nanos time) {
    const Nanos end = clock.now() + time;
    int steps = 0;
    for (Nanos next = step(); next <= end; next = step()) {
      ASSERT_LT(++steps, 1'000) << "the writer never comes to rest";
      clock.advance(std::max<Nanos>(next - clock.now(), 0));
    }
  }

 private:
  Call erase_;
};

// Engines that free.
std::vector<EngineCase> freeing_cases() {
  std::vector<EngineCase> cases;
  for (const EngineCase& c : engine_cases()) {
    if (c.make(KeyHash(1)).table->traits().bounded_garbage) cases.push_back(c);
  }
  return cases;
}
INSTANTIATE_TEST_SUITE_P(Engines, TrimmingTest, ::testing::ValuesIn(freeing_cases()), EngineName{});

TEST_P(TrimmingTest, NoStepGivesBackMoreThanAPieceAndPutsGoOn) {
  if (kMostWaiting == 0) return;  // vacuous: AddressSanitizer's builds give back at once
  put_all();
  delete_all();
  EXPECT_EQ(store().stats().writer.waiting_bytes, waiting());
  int pieces = 0;
  for (; waiting() > kSpareBytes; ++pieces) {
    ASSERT_LT(pieces, 100);
    const std::size_t before = waiting();
    Call call;
    ASSERT_TRUE(submit(call.put("small", "x")).ok());
    const Nanos next = step();
    ASSERT_TRUE(call.done());
    ASSERT_LE(before - std::min(before, waiting()), kPiece);
    if (waiting() > kSpareBytes) {
      ASSERT_LE(next, clock.now()) << "there is more";
    }
  }
  EXPECT_GE(pieces, 2);
}

TEST_P(TrimmingTest, AnIdleStoreGivesBackAll) {
  if (kMostWaiting == 0) return;  // vacuous: AddressSanitizer's builds give back at once
  put_all();
  delete_all();
  idle(Trimmer::kKeep / 2);
  EXPECT_LE(waiting(), kSpareBytes);
  EXPECT_GT(waiting(), kSpareBytes - kPiece) << "the next writes find some";
  idle(Trimmer::kKeep);
  EXPECT_EQ(waiting(), 0U);
}

TEST_P(TrimmingTest, WhatIsUsedStays) {
  if (kMostWaiting == 0) return;  // vacuous: AddressSanitizer's builds give back at once
  put_all();
  delete_all();
  idle(Trimmer::kKeep / 2);
  for (int i = 0; i < 5; ++i) {
    clock.advance(Trimmer::kKeep * 3 / 4);
    put("large", std::string(kValueBytes, 'v'));
    EXPECT_GT(waiting(), kSpareBytes / 2);
  }
}

// The writer's batch is small while more waits than may, so that what waits does not grow.
TEST_P(TrimmingTest, WhileTooMuchWaitsABatchIsSmall) {
  if (kMostWaiting == 0) return;  // vacuous: AddressSanitizer's builds give back at once
  release_untouched(kMostWaiting + 8 * Trimmer::kMostAStep);
  step();
  std::vector<Call> calls(kValues);
  for (std::size_t i = 0; i < kValues; ++i) {
    ASSERT_TRUE(submit(calls[i].put(key(i), std::string(kValueBytes, 'v'))).ok());
  }
  const auto done = [&] {
    return std::count_if(calls.begin(), calls.end(), [](const Call& c) { return c.done(); });
  };
  const std::size_t before = waiting();
  step();
  EXPECT_GT(done(), 1);
  EXPECT_LE(static_cast<std::size_t>(done()) * kEach, Trimmer::kMostAStep);
  EXPECT_EQ(before - waiting(), Trimmer::kMostAStep);
  settle();
  EXPECT_EQ(done(), static_cast<std::ptrdiff_t>(kValues));
}

// A record that came to nothing is freed by the thread that made it, after the step.
TEST_P(TrimmingTest, WhatARefusedRequestLeavesGoesBack) {
  if (kMostWaiting == 0) return;  // vacuous: AddressSanitizer's builds give back at once
  put("a", "there");
  idle(Trimmer::kKeep);
  Nanos next = kNever;
  {
    Call call;
    call.put("a", std::string(kValueBytes, 'v')).op().condition = Condition::kIfAbsent;
    ASSERT_TRUE(submit(call).ok());
    next = settle();
    ASSERT_TRUE(call.done());
  }
  EXPECT_EQ(waiting(), kEach);
  ASSERT_LE(next, clock.now() + Trimmer::kKeep) << "nobody looks for it";
  clock.advance(next - clock.now());
  idle(Trimmer::kKeep);
  EXPECT_EQ(waiting(), 0U);
}

TEST_P(TrimmingTest, AStoreThatEndsLeavesNothing) {
  put_all();
  close();
  EXPECT_EQ(waiting(), 0U);
}

// The trimmer without a store.
class TrimmerTest : public ::testing::Test {
 protected:
  TrimmerTest() { large_block::trim(0, SIZE_MAX); }
  ~TrimmerTest() override { large_block::trim(0, SIZE_MAX); }

  // How much a step gives back.
  std::size_t step(std::uint64_t taken) {
    const std::size_t before = waiting();
    trimmer_.step(now_, taken);
    return before - waiting();
  }

  Trimmer trimmer_;
  Nanos now_ = Trimmer::kKeep;
};

TEST_F(TrimmerTest, AStepGivesBackWhatItTookAndNoMoreThanEightPieces) {
  if (kMostWaiting == 0) return;  // vacuous: AddressSanitizer's builds give back at once
  release_untouched(kMostWaiting / 2);
  EXPECT_EQ(step(0), kPiece);
  EXPECT_EQ(step(3 * kPiece), 3 * kPiece);
  EXPECT_EQ(step(kMostWaiting), 8 * kPiece);
  EXPECT_FALSE(trimmer_.behind());
}

TEST_F(TrimmerTest, OnceBehindAStepGivesBackNoLessThanItTook) {
  if (kMostWaiting == 0) return;  // vacuous: AddressSanitizer's builds give back at once
  release_untouched(kMostWaiting + 4 * Trimmer::kMostAStep);
  EXPECT_EQ(step(0), kPiece);
  EXPECT_TRUE(trimmer_.behind());
  EXPECT_EQ(step(0), Trimmer::kMostAStep);
  EXPECT_EQ(step(2 * Trimmer::kMostAStep), 2 * Trimmer::kMostAStep);
  EXPECT_EQ(step(0), Trimmer::kMostAStep);
  EXPECT_FALSE(trimmer_.behind());
  EXPECT_EQ(step(0), kPiece);
}

TEST_F(TrimmerTest, WhatAThreadFreesLateGoesBack) {
  if (kMostWaiting == 0) return;  // vacuous: AddressSanitizer's builds give back at once
  void* const late = large_block::allocate(large_block::kLeast);
  trimmer_.step(now_, large_block::kLeast);
  const auto go_on = [&](Nanos until) {
    while (trimmer_.due() <= until) {
      now_ = std::max(now_, trimmer_.due());
      trimmer_.step(now_, 0);
    }
  };
  go_on(7 * Trimmer::kKeep);
  large_block::release(late, large_block::kLeast);
  ASSERT_NE(waiting(), 0U);
  go_on(10 * Trimmer::kKeep);
  EXPECT_EQ(waiting(), 0U);
  go_on(2 * Trimmer::kLateLooks * Trimmer::kKeep);
  EXPECT_EQ(trimmer_.due(), kNever) << "it looks for ever";
}

}  // namespace
}  // namespace flashkv::test
