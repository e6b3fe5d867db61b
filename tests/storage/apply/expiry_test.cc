// Time to live, as the writer and the readers see it.
#include <gtest/gtest.h>

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
  EXPECT_EQ(read("a").lookup.create_revision, 2U);
  EXPECT_EQ(read("a").lookup.version, 1U);
  EXPECT_EQ(read("b").lookup.expires_at_ms, 0);
}

TEST_P(ExpiryTest, EraseOfAnExpiredKeyFindsNothingButRemovesIt) {
  Call c;
  run(c.put_ttl("a", "1", 100));
  EXPECT_EQ(store().stats().engine.keys, 1U);
  clock.advance(100 * kMs);
  Call gone;
  gone.erase("a");
  gone.op().want_prev = true;
  run(gone);
  EXPECT_FALSE(gone.outcome().succeeded);
  EXPECT_EQ(gone.outcome().kv, nullptr);
  EXPECT_EQ(gone.revision, 2U);
  EXPECT_EQ(store().stats().engine.keys, 0U);
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
