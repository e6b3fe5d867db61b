// Turns of the writer: batches, acknowledgements, the publish policy, readers that stay, control requests.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "storage/writer/revision_waiters.h"
#include "storage/writer/writer.h"
#include "tests/storage/writer/store_fixture.h"

namespace flashkv::test {
namespace {

class WriterTest : public StoreTest {
 protected:
  void set_policy(PublishPolicy p) {
    Call c(RequestKind::kSetPolicy);
    c.policy = p;
    EXPECT_TRUE(run(c).status.ok()) << c.status.message;
  }
};
// Those whose readers can keep the writer out.
class BlockedWriterTest : public WriterTest {};

std::vector<EngineCase> blocking_cases() {
  std::vector<EngineCase> cases;
  for (const EngineCase& c : engine_cases()) {
    if (c.readers_block) cases.push_back(c);
  }
  return cases;
}
INSTANTIATE_TEST_SUITE_P(Engines, WriterTest, ::testing::ValuesIn(engine_cases()), EngineName{});
INSTANTIATE_TEST_SUITE_P(Engines, BlockedWriterTest, ::testing::ValuesIn(blocking_cases()), EngineName{});

TEST_P(WriterTest, ABatchNeverSplitsARequest) {
  options.policy.max_batch = 4;
  Call three;
  Call two;
  Call ten;
  three.put("a", "1").put("b", "1").put("c", "1");
  two.put("d", "1").put("e", "1");
  for (std::size_t i = 0; i < 10; ++i) ten.put(numbered("k", i), "1");
  for (Call* c : {&three, &two, &ten}) ASSERT_TRUE(submit(*c).ok());
  std::vector<std::size_t> answered;
  for (int i = 0; i < 3; ++i) {
    store().step();
    answered.push_back(sink.count());
  }
  EXPECT_THAT(answered, ::testing::ElementsAre(1, 2, 3));
  const WriterStatsView s = store().stats().writer;
  EXPECT_EQ(s.batch_ops.count(), 3U);
  EXPECT_EQ(s.batch_ops.max(), 10U);
}

TEST_P(WriterTest, ASinkIsCalledOnceATurnWithItsRequestsInOrder) {
  std::array<Call, 5> mine;
  std::array<Call, 5> theirs;
  CountingSink other;
  for (std::size_t i = 0; i < mine.size(); ++i) {
    mine[i].put(numbered("a", i), "1");
    theirs[i].put(numbered("b", i), "1");
    ASSERT_TRUE(submit(mine[i]).ok());
    theirs[i].sink = &other;
    ASSERT_TRUE(store().submit(theirs[i]).ok());
  }
  settle();
  EXPECT_EQ(sink.calls(), 1U);
  EXPECT_EQ(other.calls(), 1U);
  for (std::size_t i = 0; i < mine.size(); ++i) {
    EXPECT_EQ(sink.order()[i], &mine[i]);
    EXPECT_EQ(other.order()[i], &theirs[i]);
    EXPECT_EQ(mine[i].revision, 2 * i + 1);
  }
}

TEST_P(WriterTest, AppliedIsToldAtOnceAndPublishedWithThePublish) {
  options.policy.interval = 10 * kMs;
  put("first", "1");
  Call applied;
  applied.ack = Ack::kApplied;
  Call published;
  ASSERT_TRUE(submit(applied.put("a", "1")).ok());
  ASSERT_TRUE(submit(published.put("b", "1")).ok());
  settle();
  EXPECT_TRUE(applied.done());
  EXPECT_FALSE(published.done());
  EXPECT_EQ(applied.revision, 2U);
  EXPECT_EQ(store().published_revision(), 1U);
  EXPECT_EQ(store().assigned_revision(), 3U);
  EXPECT_EQ(value_of("a"), std::nullopt);
  clock.advance(10 * kMs);
  settle();
  EXPECT_TRUE(published.done());
  EXPECT_EQ(value_of("a"), "1");
}

TEST_P(WriterTest, AnAnswerThatRestsOnAnUnpublishedStateWaitsForIt) {
  options.policy.interval = 10 * kMs;
  put("first", "1");
  Call write;
  Call failed_condition;
  Call failed_request;
  Call get;
  Call get_applied;
  get_applied.ack = Ack::kApplied;
  failed_condition.put("a", "2");
  failed_condition.op().condition = Condition::kIfAbsent;
  ASSERT_TRUE(submit(write.put("a", "x")).ok());
  for (Call* c :
       {&failed_condition, &failed_request.increment("a", 1), &get.get("a"), &get_applied.get("a")}) {
    ASSERT_TRUE(submit(*c).ok());
  }
  settle();
  EXPECT_EQ(sink.count(), 2U) << "the first put and the get that asked for APPLIED";
  EXPECT_TRUE(get_applied.done());
  EXPECT_EQ(get_applied.revision, 2U);
  clock.advance(10 * kMs);
  settle();
  for (Call* c : {&write, &failed_condition, &failed_request, &get}) {
    EXPECT_TRUE(c->done());
    EXPECT_EQ(c->revision, 2U);
  }
  Call later;
  EXPECT_TRUE(run(later.get("a")).done()) << "nothing is unpublished: answered in the same turn";
}

TEST_P(WriterTest, DurableNeedsADataDirectory) {
  Call c;
  c.ack = Ack::kDurable;
  run(c.put("a", "1"));
  EXPECT_EQ(c.status.code, Code::kFailedPrecondition);
  EXPECT_EQ(value_of("a"), std::nullopt);
}

TEST_P(WriterTest, AnAdaptiveStorePublishesAtOnceWhenIdleAndThenKeepsTheGap) {
  options.policy = {.interval = 10 * kMs, .max_batch = 1024, .adaptive = true};
  put("a", "1");
  EXPECT_EQ(store().stats().writer.publishes, 1U);
  std::array<Call, 3> more;
  for (Call& c : more) {
    clock.advance(kMs);
    ASSERT_TRUE(submit(c.put("a", "2")).ok());
    EXPECT_EQ(settle(), clock.now() + 10 * kMs - (&c - more.data() + 1) * kMs);
  }
  EXPECT_EQ(store().stats().writer.publishes, 1U);
  clock.advance(7 * kMs);
  settle();
  EXPECT_EQ(store().stats().writer.publishes, 2U);
  EXPECT_EQ(sink.count(), 4U);
}

TEST_P(WriterTest, ATickingStorePublishesOnTicksOnly) {
  options.policy = {.interval = 10 * kMs, .max_batch = 1024, .adaptive = false};
  store();
  clock.advance(35 * kMs);
  Call c;
  ASSERT_TRUE(submit(c.put("a", "1")).ok());
  EXPECT_EQ(settle(), clock.now() + 5 * kMs);
  clock.advance(5 * kMs - 1);
  settle();
  EXPECT_FALSE(c.done());
  clock.advance(1);
  settle();
  EXPECT_TRUE(c.done());
}

TEST_P(WriterTest, PublishNowDoesNotWaitForTheInterval) {
  options.policy = {.interval = 1000 * kMs, .max_batch = 1024, .adaptive = false};
  Call c;
  ASSERT_TRUE(submit(c.put("a", "1")).ok());
  settle();
  Call now(RequestKind::kPublish);
  run(now);
  EXPECT_EQ(now.revision, 1U);
  EXPECT_TRUE(c.done());
  Call again(RequestKind::kPublish);
  EXPECT_EQ(run(again).revision, 1U) << "nothing to publish";
  EXPECT_EQ(store().stats().writer.publishes, 1U);
}

TEST_P(WriterTest, APolicyTakesEffectAtOnce) {
  options.policy = {.interval = 1000 * kMs, .max_batch = 1024, .adaptive = false};
  Call c;
  ASSERT_TRUE(submit(c.put("a", "1")).ok());
  settle();
  EXPECT_FALSE(c.done());
  set_policy({.interval = 0, .max_batch = 2, .adaptive = true});
  EXPECT_TRUE(c.done());
  EXPECT_EQ(store().policy().max_batch, 2U);
  EXPECT_EQ(store().policy().interval, 0);
  EXPECT_TRUE(store().policy().adaptive);
}

TEST_P(WriterTest, ABadPolicyIsRefusedAndTheOldOneStays) {
  for (const PublishPolicy p : {PublishPolicy{-1, 1, true}, PublishPolicy{0, 0, true}}) {
    Call c(RequestKind::kSetPolicy);
    c.policy = p;
    EXPECT_EQ(run(c).status.code, Code::kInvalidArgument);
  }
  EXPECT_EQ(store().policy().max_batch, 1024U);
}

TEST_P(WriterTest, WaitingForARevision) {
  options.policy.interval = 10 * kMs;
  put("first", "1");
  Call future(RequestKind::kWaitRevision);
  future.revision = 2;
  EXPECT_EQ(run(future).status.code, Code::kOutOfRange);
  Call write;
  ASSERT_TRUE(submit(write.put("a", "1")).ok());
  settle();
  Call there(RequestKind::kWaitRevision);
  there.revision = 1;
  EXPECT_TRUE(run(there).status.ok());
  Call impatient(RequestKind::kWaitRevision);
  impatient.revision = 2;
  impatient.deadline = clock.now() + kMs;
  Call patient(RequestKind::kWaitRevision);
  patient.revision = 2;
  ASSERT_TRUE(submit(impatient).ok());
  ASSERT_TRUE(submit(patient).ok());
  EXPECT_EQ(settle(), clock.now() + kMs) << "back for the deadline";
  clock.advance(kMs);
  settle();
  EXPECT_EQ(impatient.status.code, Code::kDeadlineExceeded);
  EXPECT_EQ(impatient.completions, 1);
  EXPECT_FALSE(patient.done());
  clock.advance(9 * kMs);
  settle();
  EXPECT_TRUE(patient.done());
  EXPECT_TRUE(patient.status.ok());
  EXPECT_EQ(patient.revision, 2U);
}

TEST_P(WriterTest, NobodyWaitsForARevisionLongerThanTheCap) {
  options.policy = {.interval = 3600'000 * kMs, .max_batch = 1024, .adaptive = false};
  Call write;
  write.ack = Ack::kApplied;
  run(write.put("a", "1"));
  Call wait(RequestKind::kWaitRevision);
  wait.revision = 1;
  ASSERT_TRUE(submit(wait).ok());
  EXPECT_EQ(settle(), clock.now() + RevisionWaiters::kMaxWait);
  clock.advance(RevisionWaiters::kMaxWait);
  settle();
  EXPECT_EQ(wait.status.code, Code::kDeadlineExceeded);
}

TEST_P(WriterTest, AMutationPastItsDeadlineIsNotApplied) {
  Call late;
  late.deadline = clock.now() + kMs;
  Call in_time;
  in_time.deadline = clock.now() + 2 * kMs;
  ASSERT_TRUE(submit(late.put("a", "1")).ok());
  ASSERT_TRUE(submit(in_time.put("b", "1")).ok());
  clock.advance(kMs);
  settle();
  EXPECT_EQ(late.status.code, Code::kDeadlineExceeded);
  EXPECT_FALSE(late.applied);
  EXPECT_TRUE(in_time.applied);
  EXPECT_EQ(value_of("a"), std::nullopt);
  EXPECT_EQ(value_of("b"), "1");
}

TEST_P(WriterTest, AFullQueueAnswersAtOnceWhileControlStillPasses) {
  options.max_queue_requests = 3;
  std::array<Call, 4> calls;
  for (std::size_t i = 0; i < 3; ++i) ASSERT_TRUE(submit(calls[i].put("a", "1")).ok());
  const Status s = submit(calls[3].put("b", "1"));
  EXPECT_EQ(s.code, Code::kResourceExhausted);
  EXPECT_EQ(s.message, "queue full: max-queue-requests 3");
  Call now(RequestKind::kPublish);
  run(now);
  EXPECT_EQ(calls[3].completions, 0);
  EXPECT_EQ(store().stats().writer.refused_full, 1U);
  EXPECT_EQ(store().stats().writer.queue_requests, 0U);
  EXPECT_EQ(store().stats().writer.queue_bytes, 0U);
  EXPECT_TRUE(run(calls[3]).applied);
}

TEST_P(WriterTest, TheQueueIsBoundedInBytesToo) {
  options.max_queue_bytes = 10'000;
  Call big;
  Call small;
  Call huge;
  ASSERT_TRUE(submit(big.put("a", std::string(8'000, 'x'))).ok());
  EXPECT_EQ(submit(small.put("b", std::string(2'000, 'x'))).code, Code::kResourceExhausted);
  settle();
  EXPECT_TRUE(submit(small).ok());
  settle();
  const Status s = submit(huge.put("c", std::string(20'000, 'x')));
  EXPECT_EQ(s.message, "queue full: max-queue-bytes 10000");
}

TEST_P(WriterTest, AnIdleStoreLetsItsGarbageGo) {
  put("a", std::string(1000, 'x'));
  put("a", "small");
  EXPECT_GE(store().stats().engine.retired_bytes, 1000U);
  clock.advance(Writer::kIdleReplay);
  EXPECT_EQ(settle(), kNever);
  EXPECT_EQ(store().stats().engine.retired_bytes, 0U);
  EXPECT_EQ(store().stats().writer.idle_replays, 1U);
}

TEST_P(WriterTest, NothingToDoMeansNoNextTurn) {
  EXPECT_EQ(store().step(), kNever);
  put("a", "1");
  clock.advance(Writer::kIdleReplay);
  settle();
  EXPECT_EQ(store().step(), kNever);
}

TEST_P(WriterTest, AHeldGuardKeepsItsView) {
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

TEST_P(WriterTest, StopAppliesPublishesAndAnswersWhatIsQueued) {
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

TEST_P(WriterTest, DestructionAnswersWhatIsQueued) {
  Call c;
  ASSERT_TRUE(submit(c.put("a", "1")).ok());
  close();
  EXPECT_TRUE(c.done());
  EXPECT_TRUE(c.applied);
}

TEST_P(WriterTest, ARequestWithoutOperationsIsANoOp) {
  Call c;
  EXPECT_TRUE(run(c).status.ok());
  EXPECT_EQ(c.revision, 0U);
}

TEST_P(WriterTest, EveryRecordIsFreedOnceTheStoreIsGone) {
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
