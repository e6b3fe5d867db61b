// Expired keys are removed without a request, over every engine.
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "storage/apply/request_plan.h"
#include "storage/apply/staged_state.h"
#include "storage/writer/expiry_source.h"
#include "storage/writer/writer.h"
#include "tests/support/store_fixture.h"

namespace flashkv::test {
namespace {

class ExpiringTest : public StoreTest {
 protected:
  EngineStats engine() { return store().stats().engine; }
  std::uint64_t expired() { return store().stats().writer.expired_keys; }
  void put_ttl(std::string_view key, std::int64_t ttl_ms) {
    Call c;
    run(c.put_ttl(key, "value", ttl_ms));
  }
  void fill(std::size_t keys, std::int64_t ttl_ms) {
    Call c;
    for (std::size_t i = 0; i < keys; ++i) c.put_ttl(numbered("k", i), "value", ttl_ms);
    run(c);
    Call small;  // a batch that lets the next piece be no larger than usual
    run(small.get("k0"));
  }
  // Idle until nothing waits any more; grace periods of liburcu take real time.
  void come_to_rest() {
    Nanos next = settle();
    for (int i = 0; next != kNever; ++i) {
      ASSERT_LT(i, 100'000) << engine().keys << " keys, " << engine().retired_bytes << " retired bytes stay";
      clock.advance(next - clock.now());
      next = settle();
      std::this_thread::sleep_for(std::chrono::microseconds(100));
    }
  }
};
INSTANTIATE_TEST_SUITE_P(Engines, ExpiringTest, ::testing::ValuesIn(served_cases()), EngineName{});

TEST_P(ExpiringTest, ExpiredKeysAreRemovedInTheirMillisecondEachWithItsOwnRevision) {
  put("stays", "value");
  fill(3, 100);
  put_ttl("later", 200);
  EXPECT_LE(settle(), clock.now() + 100 * kMs);
  clock.advance(100 * kMs - 1);
  EXPECT_EQ(settle(), clock.now() + 1);
  EXPECT_EQ(engine().keys, 5U);
  EXPECT_EQ(store().assigned_revision(), 3U);
  clock.advance(1);
  settle();
  EXPECT_EQ(engine().keys, 2U);
  EXPECT_EQ(store().assigned_revision(), 6U);
  EXPECT_EQ(store().published_revision(), 6U);
  EXPECT_EQ(expired(), 3U);
  EXPECT_EQ(store().stats().writer.source_requests, 3U);
  clock.advance(100 * kMs);
  come_to_rest();
  EXPECT_EQ(engine().keys, 1U);
  EXPECT_EQ(store().published_revision(), 7U);
  EXPECT_EQ(value_of("stays"), "value");
}

TEST_P(ExpiringTest, NothingIsLeftOfAThousandKeysAndTheStoreSleeps) {
  fill(1'000, 100);
  EXPECT_GE(engine().record_bytes, 1'000 * Record::bytes_for(2, 5, Record::Expiry::kRoom));
  clock.advance(100 * kMs);
  come_to_rest();
  EXPECT_EQ(engine().keys, 0U);
  EXPECT_EQ(engine().record_bytes, 0U);
  EXPECT_EQ(engine().retired_bytes, engine().leaked_bytes);
  EXPECT_EQ(store().published_revision(), 1'001U);
}

TEST_P(ExpiringTest, ARenewedKeyLivesUntilItsNewTime) {
  for (const char* key : {"moved", "freed", "put", "plain", "kept"}) put_ttl(key, 100);
  clock.advance(50 * kMs);
  Call renew;
  renew.expire("moved", 100).expire("freed", 0).put_ttl("put", "2", 100).put("plain", "2");
  renew.put("kept", "2", Record::Expiry::kRoom);
  renew.op().keep_ttl = true;
  run(renew);
  clock.advance(50 * kMs);
  settle();
  EXPECT_EQ(expired(), 1U);
  EXPECT_EQ(value_of("kept"), std::nullopt);
  for (const char* key : {"moved", "freed", "put", "plain"}) EXPECT_NE(value_of(key), std::nullopt) << key;
  EXPECT_EQ(store().assigned_revision(), 7U);
  clock.advance(50 * kMs);
  come_to_rest();
  EXPECT_EQ(expired(), 3U);
  EXPECT_EQ(engine().keys, 2U);
  EXPECT_EQ(value_of("freed"), "value");
  EXPECT_EQ(value_of("plain"), "2");
}

TEST_P(ExpiringTest, AKeyWrittenSeveralTimesInARequestExpiresOnce) {
  Call c;
  c.put_ttl("a", "1", 50).put_ttl("a", "2", 100).put_ttl("b", "1", 50).put("b", "2");
  run(c.put_ttl("c", "1", 50).erase("c").put_ttl("d", "1", 50).erase("d").put_ttl("d", "2", 100));
  clock.advance(50 * kMs);
  settle();
  EXPECT_EQ(expired(), 0U);
  clock.advance(50 * kMs);
  come_to_rest();
  EXPECT_EQ(expired(), 2U);
  EXPECT_EQ(engine().keys, 1U);
  EXPECT_EQ(value_of("b"), "2");
}

TEST_P(ExpiringTest, ARequestThatFailsLeavesTheExpiryItFound) {
  put_ttl("a", 100);
  Call fails;
  run(fails.put("a", "text").increment("a", 1));
  EXPECT_EQ(fails.status.code, Code::kFailedPrecondition);
  clock.advance(100 * kMs);
  come_to_rest();
  EXPECT_EQ(engine().keys, 0U);
}

TEST_P(ExpiringTest, ABacklogGoesInPiecesAndEveryStepServesClients) {
  options.policy.max_batch = 4;
  fill(50, 100);
  clock.advance(100 * kMs);
  std::uint64_t before = 0;
  for (std::size_t step = 0; before < 50; ++step) {
    ASSERT_LT(step, 20U) << before << " are removed";
    std::array<Call, 2> clients;
    for (Call& c : clients) ASSERT_TRUE(submit(c.put("client", "1").get("client")).ok());
    const Nanos next = store().step();
    for (const Call& c : clients) EXPECT_TRUE(c.done()) << "in step " << step;
    EXPECT_EQ(expired(), std::min<std::uint64_t>(before + 4, 50)) << "in step " << step;
    if (expired() < 50) {
      EXPECT_LE(next, clock.now()) << "the next step follows at once";
    }
    before = expired();
  }
  come_to_rest();
  EXPECT_EQ(engine().keys, 1U);
}

TEST_P(ExpiringTest, APieceHasItsOwnLimitToo) {
  options.policy.max_batch = PublishPolicy::kMaxBatch;
  fill(2 * ExpirySource::kMaxKeys + 10, 100);
  clock.advance(100 * kMs);
  store().step();
  EXPECT_EQ(expired(), ExpirySource::kMaxKeys);
  store().step();
  EXPECT_EQ(expired(), 2 * ExpirySource::kMaxKeys);
  settle();
  EXPECT_EQ(engine().keys, 0U);
}

// Their memory goes back to the system, which takes time for each MiB.
TEST_P(ExpiringTest, APieceHasALimitOfBytes) {
  constexpr std::size_t kBytes = 4 << 20;
  const std::string value(kBytes, 'v');
  for (std::size_t i = 0; i < 10; ++i) {
    Call c;
    run(c.put_ttl(numbered("k", i), value, 100));
  }
  clock.advance(100 * kMs);
  store().step();
  EXPECT_EQ(expired(), ExpirySource::kMaxBytes / kBytes);
  store().step();
  EXPECT_EQ(expired(), 2 * ExpirySource::kMaxBytes / kBytes);
  settle();
  EXPECT_EQ(engine().keys, 0U);
}

// Or clients could add keys faster than they are removed.
TEST_P(ExpiringTest, LargeRequestsLetPiecesGrow) {
  options.policy.max_batch = 4;
  std::uint64_t most = 0;
  for (std::size_t step = 0; step < 20; ++step) {
    Call c;
    for (std::size_t i = 0; i < 50; ++i) c.put_ttl(numbered("k", step * 50 + i), "value", 1);
    ASSERT_TRUE(submit(c).ok());
    store().step();
    EXPECT_TRUE(c.done());
    clock.advance(kMs);
    most = std::max(most, engine().keys);
  }
  EXPECT_LE(most, 2 * 50U);
  settle();
  EXPECT_EQ(engine().keys, 0U);
}

// A record that was never published is freed the moment it is removed.
TEST_P(ExpiringTest, AKeyMayExpireBeforeItIsPublished) {
  options.policy = {.interval = 3'600'000 * kMs, .max_batch = 8, .adaptive = false};
  Call c;
  c.ack = Ack::kApplied;
  for (std::size_t i = 0; i < 20; ++i) c.put_ttl(numbered("k", i), "value", 10);
  ASSERT_TRUE(submit(c).ok());
  settle();
  clock.advance(10 * kMs);
  EXPECT_GT(settle(), clock.now());
  EXPECT_EQ(engine().keys, 0U);
  EXPECT_EQ(store().published_revision(), 0U);
  Call publish(RequestKind::kPublish);
  run(publish);
  EXPECT_EQ(publish.revision, 21U);
}

TEST_P(ExpiringTest, TheClockMayJumpForward) {
  fill(10, 100);
  put_ttl("hour", 3'600'000);
  put_ttl("century", std::int64_t{100} * 365 * 24 * 3'600'000);
  clock.advance(Nanos{50} * 365 * 24 * 3'600'000 * kMs);
  settle();
  EXPECT_EQ(expired(), 11U);
  EXPECT_EQ(value_of("century"), "value");
  clock.advance(Nanos{50} * 365 * 24 * 3'600'000 * kMs);
  come_to_rest();
  EXPECT_EQ(engine().keys, 0U);
}

TEST_P(ExpiringTest, TheClockMayStepBack) {
  options.policy.max_batch = 2;
  fill(6, 1'000);
  clock.advance(1'000 * kMs);
  store().step();
  EXPECT_EQ(expired(), 2U);
  clock.advance(-3'600'000 * kMs);
  EXPECT_GT(settle(), clock.now()) << "the others live again";
  EXPECT_EQ(expired(), 2U);
  EXPECT_EQ(value_of("k5"), "value");
  put_ttl("new", 100);
  clock.advance(100 * kMs);
  settle();
  EXPECT_EQ(expired(), 3U) << "by the clock as it is now";
  EXPECT_EQ(value_of("k5"), "value");
  clock.advance(3'599'899 * kMs);
  settle();
  EXPECT_EQ(expired(), 3U);
  clock.advance(kMs);
  come_to_rest();
  EXPECT_EQ(expired(), 7U);
}

TEST_P(ExpiringTest, AStoreThatStopsOrGoesLeavesNoRecord) {
  const std::int64_t before = Record::live();
  fill(20, 100);
  put_ttl("k3", 1'000);
  clock.advance(100 * kMs);
  EXPECT_TRUE(store().stop(0));
  EXPECT_EQ(expired(), 0U) << "a stop removes nothing";
  close();
  EXPECT_EQ(Record::live(), before);
}

// What was offered is decided when it is applied: another source may have renewed the key.
TEST_P(ExpiringTest, AKeyRenewedInTheSameStepStays) {
  TestTable made = GetParam().make(KeyHash(7));
  StagedState staged(*made.table);
  const StoreLimits limits;
  RequestPlan plan(staged, limits);
  ExpirySource expiry(staged.expiries(), KeyHash(7));
  ASSERT_TRUE(staged.try_begin_batch(0));
  const auto apply = [&](Request& r) {
    for (Op& op : r.ops) op.hash = KeyHash(7)(op.key);
    ASSERT_TRUE(plan.prepare(r, staged.assigned() + 1, clock.now_ms()));
    if (plan.changes_anything()) plan.commit();
  };
  Call fill;
  apply(fill.put_ttl("a", "1", 100).put_ttl("b", "1", 100));
  clock.advance(99 * kMs);
  Call renew;
  renew.expire("a", 100);
  for (Op& op : renew.ops) op.hash = KeyHash(7)(op.key);
  ASSERT_TRUE(plan.prepare(renew, staged.assigned() + 1, clock.now_ms()));
  clock.advance(kMs);
  expiry.advance(clock.now());
  Request* offered = expiry.offer(staged.assigned(), clock.now(), 10);
  plan.commit();
  std::size_t n = 0;
  for (Request* r = offered; r != nullptr; r = r->next, ++n) apply(*r);
  EXPECT_EQ(n, 2U);
  expiry.take_back(offered);
  EXPECT_NE(staged.find({"a", KeyHash(7)("a")}), nullptr);
  EXPECT_EQ(staged.find({"b", KeyHash(7)("b")}), nullptr);
  EXPECT_EQ(staged.expired(), 1U);
  EXPECT_EQ(staged.assigned(), 3U);
  expiry.advance(clock.now());
  EXPECT_GT(expiry.due(), clock.now());
  staged.publish();
}

// Engines whose readers can keep the writer out.
class BlockedExpiryTest : public ExpiringTest {};
std::vector<EngineCase> blocking_cases() {
  std::vector<EngineCase> cases;
  for (const EngineCase& c : served_cases()) {
    if (c.readers_block) cases.push_back(c);
  }
  return cases;
}
INSTANTIATE_TEST_SUITE_P(Engines, BlockedExpiryTest, ::testing::ValuesIn(blocking_cases()), EngineName{});

TEST_P(BlockedExpiryTest, AReaderThatStaysMakesTheWriterSleepBetweenItsAttempts) {
  options.clock = &system_clock();
  put_ttl("a", 1);
  auto guard = hold();
  put("b", "1");
  const std::uint64_t before = store().stats().writer.steps;
  const auto began = std::chrono::steady_clock::now();
  store().start();
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  const std::uint64_t steps = store().stats().writer.steps - before;
  const auto took = std::chrono::steady_clock::now() - began;
  guard.reset();
  EXPECT_LE(steps, static_cast<std::uint64_t>(took / std::chrono::nanoseconds(Writer::kRetryGap)) + 10);
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (expired() == 0 && std::chrono::steady_clock::now() < give_up) std::this_thread::yield();
  EXPECT_EQ(expired(), 1U);
}

}  // namespace
}  // namespace flashkv::test
