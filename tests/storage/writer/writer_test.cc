// Steps of the writer: batches, answers, limits, deadlines.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "storage/writer/writer.h"
#include "tests/support/store_fixture.h"

namespace flashkv::test {
namespace {

class WriterTest : public StoreTest {};
INSTANTIATE_TEST_SUITE_P(Engines, WriterTest, ::testing::ValuesIn(served_cases()), EngineName{});

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

TEST_P(WriterTest, DurableNeedsADataDirectory) {
  Call c;
  c.ack = Ack::kDurable;
  run(c.put("a", "1"));
  EXPECT_EQ(c.status.code, Code::kFailedPrecondition);
  EXPECT_EQ(value_of("a"), std::nullopt);
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
  options.limits.max_queue_requests = 3;
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
  options.limits.max_queue_bytes = 10'000;
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

TEST_P(WriterTest, NothingToDoMeansNoNextTurn) {
  EXPECT_EQ(store().step(), kNever);
  put("a", "1");
  clock.advance(Writer::kCollectGap);
  settle();
  EXPECT_EQ(store().step(), kNever);
}

TEST_P(WriterTest, ARequestWithoutOperationsIsANoOp) {
  Call c;
  EXPECT_TRUE(run(c).status.ok());
  EXPECT_EQ(c.revision, 0U);
}

}  // namespace
}  // namespace flashkv::test
