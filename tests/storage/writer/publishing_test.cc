// When applied changes become visible, and when each request is answered.
#include <gtest/gtest.h>

#include <array>

#include "storage/writer/writer.h"
#include "tests/support/store_fixture.h"

namespace flashkv::test {
namespace {

class PublishingTest : public StoreTest {
 protected:
  void set_policy(PublishPolicy p) {
    Call c(RequestKind::kSetPolicy);
    c.policy = p;
    EXPECT_TRUE(run(c).status.ok()) << c.status.message;
  }
};
INSTANTIATE_TEST_SUITE_P(Engines, PublishingTest, ::testing::ValuesIn(served_cases()), EngineName{});

TEST_P(PublishingTest, AppliedIsToldAtOnceAndPublishedWithThePublish) {
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

TEST_P(PublishingTest, AnAnswerThatRestsOnAnUnpublishedStateWaitsForIt) {
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

TEST_P(PublishingTest, AnAdaptiveStorePublishesAtOnceWhenIdleAndThenKeepsTheGap) {
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

TEST_P(PublishingTest, ATickingStorePublishesOnTicksOnly) {
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

TEST_P(PublishingTest, PublishNowDoesNotWaitForTheInterval) {
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

TEST_P(PublishingTest, APolicyTakesEffectAtOnce) {
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

TEST_P(PublishingTest, ABadPolicyIsRefusedAndTheOldOneStays) {
  for (const PublishPolicy p : {PublishPolicy{-1, 1, true}, PublishPolicy{0, 0, true}}) {
    Call c(RequestKind::kSetPolicy);
    c.policy = p;
    EXPECT_EQ(run(c).status.code, Code::kInvalidArgument);
    EXPECT_EQ(c.status.message, text_of(policy_error(p)));
  }
  EXPECT_EQ(store().policy().max_batch, 1024U);
}

TEST_P(PublishingTest, WaitingForARevision) {
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

TEST_P(PublishingTest, NobodyWaitsForARevisionLongerThanTheCap) {
  options.policy = {.interval = 3600'000 * kMs, .max_batch = 1024, .adaptive = false};
  Call write;
  write.ack = Ack::kApplied;
  run(write.put("a", "1"));
  Call wait(RequestKind::kWaitRevision);
  wait.revision = 1;
  ASSERT_TRUE(submit(wait).ok());
  EXPECT_EQ(settle(), clock.now() + Writer::kMaxRevisionWait);
  clock.advance(Writer::kMaxRevisionWait);
  settle();
  EXPECT_EQ(wait.status.code, Code::kDeadlineExceeded);
}

}  // namespace
}  // namespace flashkv::test
