// Time to live, as the writer and the readers see it.
#include <gtest/gtest.h>

#include <array>

#include "tests/support/store_fixture.h"

namespace flashkv::test {
namespace {

using ExpiryTest = StoreTest;
INSTANTIATE_TEST_SUITE_P(Engines, ExpiryTest, ::testing::ValuesIn(served_cases()), EngineName{});

TEST_P(ExpiryTest, AKeyIsGoneForReadersTheMomentItExpires) {
  Call c;
  run(c.put_ttl("a", "1", 100));
  EXPECT_EQ(read("a").lookup.expires_at_ms, clock.now_ms() + 100);
  clock.advance(99 * kMs);
  EXPECT_EQ(value_of("a"), "1");
  clock.advance(kMs);
  EXPECT_EQ(value_of("a"), std::nullopt);
}

TEST_P(ExpiryTest, APlainPutDropsTheExpiryAndKeepTtlKeepsIt) {
  Call c;
  run(c.put_ttl("a", "1", 100).put_ttl("b", "1", 100));
  const std::int64_t at = clock.now_ms() + 100;
  clock.advance(10 * kMs);
  Call again;
  again.put("a", "2").put("b", "2", Record::Expiry::kRoom);
  again.op().keep_ttl = true;
  again.put("new", "2", Record::Expiry::kRoom);
  again.op().keep_ttl = true;
  run(again);
  EXPECT_EQ(read("a").lookup.expires_at_ms, 0);
  EXPECT_EQ(read("b").lookup.expires_at_ms, at);
  EXPECT_EQ(read("new").lookup.expires_at_ms, 0);
}

TEST_P(ExpiryTest, APutOverAnExpiredKeyMakesANewOne) {
  Call c;
  run(c.put_ttl("a", "1", 100).put_ttl("b", "1", 100));
  clock.advance(100 * kMs);
  Call again;
  again.put("a", "2");
  again.op().condition = Condition::kIfAbsent;
  again.op().want_prev = true;
  again.put("b", "2", Record::Expiry::kRoom);
  again.op().keep_ttl = true;
  run(again);
  EXPECT_TRUE(again.outcome(0).succeeded);
  EXPECT_EQ(again.outcome(0).kv, nullptr);
  EXPECT_EQ(read("a").lookup.create_revision, 4U) << "two removals came before";
  EXPECT_EQ(read("a").lookup.version, 1U);
  EXPECT_EQ(read("b").lookup.expires_at_ms, 0);
}

// Its removal is on its way, with a revision of its own.
TEST_P(ExpiryTest, EraseOfAnExpiredKeyFindsNothing) {
  options.policy.max_batch = 1;
  Call c;
  run(c.put_ttl("a", "1", 100).put_ttl("b", "1", 100));
  EXPECT_EQ(store().stats().engine.keys, 2U);
  Call small;  // removals are no more a step than clients had in the last
  run(small.get("a"));
  clock.advance(100 * kMs);
  std::array<Call, 2> gone;
  for (Call& g : gone) {
    g.erase("b");
    g.op().want_prev = true;
    ASSERT_TRUE(submit(g).ok());
    store().step();
    EXPECT_FALSE(g.outcome().succeeded);
    EXPECT_EQ(g.outcome().kv, nullptr);
  }
  EXPECT_EQ(gone[0].revision, 2U) << "a is removed, b is next";
  EXPECT_EQ(gone[1].revision, 3U);
  EXPECT_EQ(store().stats().engine.keys, 0U);
}

TEST_P(ExpiryTest, APutAheadOfARemovalLeavesItItsOwnRevision) {
  options.policy.max_batch = 1;
  Call c;
  run(c.put_ttl("a", "1", 100).put_ttl("b", "1", 100).put_ttl("c", "1", 100));
  Call small;
  run(small.get("a"));
  clock.advance(100 * kMs);
  Call again;
  again.put("c", "2").put("b", "2").append("b", "+");
  again.op().want_prev = true;
  ASSERT_TRUE(submit(again).ok());
  store().step();
  EXPECT_EQ(again.revision, 5U) << "after those of a, c and b";
  EXPECT_EQ(store().stats().writer.expired_keys, 3U);
  EXPECT_EQ(value_of("b"), "2+");
  EXPECT_EQ(read("b").lookup.create_revision, 5U);
  EXPECT_EQ(read("b").lookup.version, 1U);
  EXPECT_EQ(again.outcome(0).kv, nullptr);
  settle();
  EXPECT_EQ(store().assigned_revision(), 5U);
  EXPECT_EQ(store().stats().engine.keys, 2U);
}

// Only what the store itself asks for: it has no effect on what has not expired.
TEST_P(ExpiryTest, ARemovalOfTheExpiredSparesWhatHasNot) {
  Call c;
  run(c.put_ttl("a", "1", 100).put("b", "1"));
  Call early;
  run(early.add(OpKind::kRemoveExpired, "a")
          .add(OpKind::kRemoveExpired, "b")
          .add(OpKind::kRemoveExpired, "x"));
  EXPECT_TRUE(early.applied);
  EXPECT_EQ(early.revision, 1U) << "nothing changes, no revision";
  for (std::size_t i = 0; i < 3; ++i) EXPECT_FALSE(early.outcome(i).succeeded);
  clock.advance(99 * kMs);
  Call renewed;
  run(renewed.expire("a", 100).add(OpKind::kRemoveExpired, "a"));
  EXPECT_EQ(value_of("a"), "1");
  EXPECT_EQ(store().stats().writer.expired_keys, 0U);
}

TEST_P(ExpiryTest, ExpireSetsMovesAndRemovesTheMoment) {
  put("a", "1");
  Call set;
  EXPECT_TRUE(run(set.expire("a", 100)).outcome().succeeded);
  EXPECT_EQ(read("a").lookup.expires_at_ms, clock.now_ms() + 100);
  EXPECT_EQ(read("a").value, "1");
  EXPECT_EQ(read("a").lookup.version, 2U);
  Call off;
  EXPECT_TRUE(run(off.expire("a", 0)).outcome().succeeded);
  EXPECT_EQ(read("a").lookup.expires_at_ms, 0);
  Call idle;
  EXPECT_TRUE(run(idle.expire("a", 0)).outcome().succeeded);
  EXPECT_EQ(idle.revision, off.revision) << "nothing to remove is no change";
  Call missing;
  EXPECT_FALSE(run(missing.expire("b", 100)).outcome().succeeded);
}

TEST_P(ExpiryTest, IncrementAndAppendKeepTheExpiryAndTtlActsOnlyWhenCreating) {
  Call c;
  c.increment("n", 1);
  c.op().ttl_ms = 100;
  run(c);
  const std::int64_t at = clock.now_ms() + 100;
  clock.advance(10 * kMs);
  Call more;
  more.increment("n", 1);
  more.op().ttl_ms = 500;
  run(more.append("n", "0"));
  EXPECT_EQ(value_of("n"), "20");
  EXPECT_EQ(read("n").lookup.expires_at_ms, at);
  clock.advance(90 * kMs);
  Call fresh;
  EXPECT_EQ(run(fresh.increment("n", 3)).outcome().number, 3);
  EXPECT_EQ(read("n").lookup.expires_at_ms, 0);
}

TEST_P(ExpiryTest, ATtlBeyondTimeItselfNeverExpires) {
  Call c;
  run(c.put_ttl("a", "1", std::numeric_limits<std::int64_t>::max()));
  clock.advance(kMs);
  EXPECT_EQ(value_of("a"), "1");
}

}  // namespace
}  // namespace flashkv::test
