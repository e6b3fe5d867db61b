// The fate of the old state: readers that stay in it, garbage, shutdown.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <thread>

#include "storage/writer/writer.h"
#include "tests/support/store_fixture.h"

namespace flashkv::test {
namespace {

class CollectingTest : public StoreTest {
 protected:
  // Idle until nothing waits any more. A grace period of liburcu takes real time, which is not the test's.
  void let_garbage_go() {
    Nanos next = settle();
    for (int i = 0; next != kNever; ++i) {
      ASSERT_LT(i, 100'000) << store().stats().engine.retired_bytes << " retired bytes stay";
      ASSERT_LE(next, clock.now() + Writer::kMaxCollectGap);
      clock.advance(next - clock.now());
      next = settle();
      std::this_thread::sleep_for(std::chrono::microseconds(100));
    }
    const EngineStats after = store().stats().engine;
    EXPECT_EQ(after.retired_bytes, after.leaked_bytes);
  }
};
// Engines whose readers can keep the writer out.
class BlockedWriterTest : public StoreTest {};

std::vector<EngineCase> blocking_cases() {
  std::vector<EngineCase> cases;
  for (const EngineCase& c : served_cases()) {
    if (c.readers_block) cases.push_back(c);
  }
  return cases;
}
INSTANTIATE_TEST_SUITE_P(Engines, CollectingTest, ::testing::ValuesIn(served_cases()), EngineName{});
INSTANTIATE_TEST_SUITE_P(Engines, BlockedWriterTest, ::testing::ValuesIn(blocking_cases()), EngineName{});

TEST_P(CollectingTest, AnIdleStoreLetsItsGarbageGo) {
  put("a", std::string(1000, 'x'));
  put("a", "small");
  EXPECT_GE(store().stats().engine.retired_bytes, 1000U);
  let_garbage_go();
  const EngineStats after = store().stats().engine;
  EXPECT_EQ(after.retired_bytes, after.leaked_bytes);
  if (store().traits().bounded_garbage) {
    EXPECT_EQ(after.leaked_bytes, 0U);
  }
  EXPECT_EQ(store().stats().writer.idle_replays, 1U);
}

TEST_P(CollectingTest, GarbageThatAReaderHoldsGoesAfterIt) {
  put("a", std::string(1000, 'x'));
  let_garbage_go();
  auto guard = hold();
  ASSERT_NE(guard->find(Probe{"a", KeyHash(7)("a")}), nullptr);  // some hold only what they have looked at
  put("a", "small");
  EXPECT_GE(store().stats().engine.retired_bytes, 1000U);
  Nanos gap = Writer::kCollectGap;
  clock.advance(gap);
  for (int i = 0; i < 10 && store().stats().engine.leaked_bytes < 1000; ++i) {
    const Nanos next = settle();
    gap = std::min(2 * gap, Writer::kMaxCollectGap);
    EXPECT_EQ(next, clock.now() + gap) << "less and less often";
    EXPECT_GE(store().stats().engine.retired_bytes, 1000U);
    clock.advance(gap);
  }
  guard.reset();
  let_garbage_go();
  const EngineStats after = store().stats().engine;
  EXPECT_EQ(after.retired_bytes, after.leaked_bytes);
}

TEST_P(CollectingTest, ARequestThatChangesNothingHoldsUpNoGarbage) {
  put("a", std::string(1000, 'x'));
  put("a", "small");
  Call nothing;
  run(nothing.erase("absent"));
  Call condition;
  condition.put("a", "2");
  condition.op().condition = Condition::kIfAbsent;
  run(condition);
  EXPECT_EQ(store().published_revision(), 2U);
  let_garbage_go();
}

TEST_P(CollectingTest, AHeldGuardKeepsItsView) {
  put("a", "1");
  auto guard = hold();
  put("a", "2");
  const Probe probe{"a", KeyHash(7)("a")};
  if (store().traits().atomic_batch) {
    EXPECT_EQ(guard->revision(), 1U);
    EXPECT_EQ(guard->find(probe)->value(), "1");
  }
  EXPECT_EQ(value_of("a"), "2");
}

TEST_P(BlockedWriterTest, AReaderThatStaysMakesTheWriterQueueAndNotWait) {
  put("a", "1");
  auto guard = hold();
  put("a", "2");
  Call waits;
  ASSERT_TRUE(submit(waits.put("a", "3")).ok());
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(store().step(), clock.now() + Writer::kRetryGap) << "no second look too soon";
  Call now(RequestKind::kPublish);
  ASSERT_TRUE(submit(now).ok());
  Call policy(RequestKind::kSetPolicy);
  ASSERT_TRUE(submit(policy).ok());
  store().step();
  EXPECT_TRUE(now.done()) << "control requests are answered all the same";
  EXPECT_TRUE(policy.done());
  EXPECT_FALSE(waits.done());
  EXPECT_EQ(store().stats().writer.deferrals, 1U);
  clock.advance(Writer::kRetryGap);
  EXPECT_EQ(store().step(), clock.now() + 2 * Writer::kRetryGap) << "less and less often";
  EXPECT_EQ(store().stats().writer.blocked_ns, static_cast<std::uint64_t>(Writer::kRetryGap));
  guard.reset();
  clock.advance(2 * Writer::kRetryGap);
  settle();
  EXPECT_TRUE(waits.done());
  EXPECT_EQ(value_of("a"), "3");
  const WriterStatsView s = store().stats().writer;
  EXPECT_EQ(s.deferrals, 2U);
  EXPECT_EQ(s.wait_ns.max(), static_cast<std::uint64_t>(3 * Writer::kRetryGap));
  EXPECT_EQ(s.blocked_ns, 0U);
}

TEST_P(BlockedWriterTest, DeadlinesPassAlsoBehindAStuckReader) {
  put("a", "1");
  auto guard = hold();
  put("a", "2");
  Call late;
  late.deadline = clock.now() + kMs;
  Call waits;
  ASSERT_TRUE(submit(late.put("a", "3")).ok());
  ASSERT_TRUE(submit(waits.put("b", "3")).ok());
  for (std::size_t i = 0; i < 40; ++i) {
    store().step();
    clock.advance(kMs);
  }
  EXPECT_EQ(late.completions, 1);
  EXPECT_EQ(late.status.code, Code::kDeadlineExceeded);
  EXPECT_FALSE(waits.done());
  EXPECT_EQ(store().stats().writer.queue_requests, 1U);
  guard.reset();
  settle();
  EXPECT_TRUE(waits.done());
}

TEST_P(BlockedWriterTest, AStuckReaderDoesNotHangTheStop) {
  put("a", "1");
  auto guard = hold();
  put("a", "2");
  Call blocked;
  ASSERT_TRUE(submit(blocked.put("a", "3")).ok());
  EXPECT_FALSE(store().stop(0));
  EXPECT_EQ(blocked.completions, 1);
  EXPECT_EQ(blocked.status.code, Code::kUnavailable);
  EXPECT_FALSE(blocked.applied);
  EXPECT_EQ(value_of("a"), "2");
  guard.reset();
}

TEST_P(CollectingTest, StopAppliesPublishesAndAnswersWhatIsQueued) {
  options.policy = {.interval = 1000 * kMs, .max_batch = 2, .adaptive = false};
  std::array<Call, 7> calls;
  for (std::size_t i = 0; i < calls.size(); ++i)
    ASSERT_TRUE(submit(calls[i].put(numbered("k", i), "1")).ok());
  EXPECT_TRUE(store().stop(0));
  for (Call& c : calls) EXPECT_TRUE(c.done() && c.applied);
  EXPECT_EQ(store().published_revision(), 7U);
  Call late;
  EXPECT_EQ(submit(late.put("a", "1")).code, Code::kUnavailable);
  Call control(RequestKind::kPublish);
  EXPECT_EQ(submit(control).code, Code::kUnavailable);
  EXPECT_EQ(store().stats().writer.refused_stopping, 2U);
  EXPECT_TRUE(store().stop(0)) << "once is enough, twice is harmless";
}

TEST_P(CollectingTest, DestructionAnswersWhatIsQueued) {
  Call c;
  ASSERT_TRUE(submit(c.put("a", "1")).ok());
  close();
  EXPECT_TRUE(c.done());
  EXPECT_TRUE(c.applied);
}

TEST_P(CollectingTest, EveryRecordIsFreedOnceTheStoreIsGone) {
  const std::int64_t before = Record::live();
  for (std::size_t i = 0; i < 50; ++i) put(numbered("k", i % 7), std::to_string(i));
  {
    Call c;
    run(c.erase("k1").put("k2", "x").put("k2", "y").expire("k4", 5).append("k5", "x"));
    Call unpublished;
    unpublished.ack = Ack::kApplied;
    run(unpublished.put("k3", "z"));
  }
  EXPECT_EQ(store().stats().engine.keys, 6U);
  close();
  EXPECT_EQ(Record::live(), before);
}

}  // namespace
}  // namespace flashkv::test
