// Erasing all keys of a range in one request.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "storage/apply/op_rules.h"
#include "tests/support/store_fixture.h"

namespace flashkv::test {
namespace {

class EraseRangeTest : public StoreTest {
 protected:
  void fill(std::size_t keys, std::size_t first = 0) {
    for (std::size_t n = first; n < first + keys;) {
      Call c;
      for (std::size_t i = 0; i < 5'000 && n < first + keys; ++i, ++n) c.put(numbered("k", 100'000 + n), "1");
      run(c);
      ASSERT_TRUE(c.status.ok()) << c.status.message;
    }
  }
  std::uint64_t keys() { return store().stats().engine.keys; }
  static std::vector<std::string> prev_of(const ErasedRange& erased) {
    std::vector<std::string> keys;
    for (const RecordPtr& kv : erased.prev_kvs) {
      keys.emplace_back(kv->key());
      keys.back().append("=").append(kv->value());
    }
    return keys;
  }
  // Nothing of it was done.
  void expect_refused(Call& c, Code code, std::string_view message) {
    const std::uint64_t before = keys();
    const std::uint64_t assigned = store().assigned_revision();
    run(c);
    EXPECT_EQ(c.status.code, code);
    EXPECT_EQ(c.status.message, message);
    EXPECT_FALSE(c.applied);
    EXPECT_EQ(keys(), before);
    EXPECT_EQ(store().assigned_revision(), assigned);
    for (const Op& op : c.ops) EXPECT_EQ(op.outcome.erased, nullptr);
  }
};
INSTANTIATE_TEST_SUITE_P(Engines, EraseRangeTest, ::testing::ValuesIn(served_cases()), EngineName{});

TEST_P(EraseRangeTest, RemovesTheKeysOfTheRangeAsOneRevision) {
  for (const char* key : {"a", "b", "c", "d"}) put(key, key);
  Call c;
  c.erase_range("b", "d");
  c.op().want_prev = true;
  run(c);
  ASSERT_TRUE(c.status.ok()) << c.status.message;
  EXPECT_TRUE(c.outcome().succeeded);
  EXPECT_EQ(c.outcome().erased->count, 2U);
  EXPECT_FALSE(c.outcome().erased->more);
  EXPECT_EQ(prev_of(*c.outcome().erased), (std::vector<std::string>{"b=b", "c=c"}));
  EXPECT_EQ(c.revision, 5U);
  EXPECT_EQ(value_of("a"), "a");
  EXPECT_EQ(value_of("b"), std::nullopt);
  EXPECT_EQ(value_of("c"), std::nullopt);
  EXPECT_EQ(value_of("d"), "d");
  Call nothing;
  run(nothing.erase_range("b", "d"));
  EXPECT_FALSE(nothing.outcome().succeeded);
  EXPECT_EQ(nothing.outcome().erased->count, 0U);
  EXPECT_EQ(store().assigned_revision(), 5U) << "a revision for nothing";
  Call all;
  run(all.erase_range("", ""));
  EXPECT_EQ(all.outcome().erased->count, 2U);
  EXPECT_EQ(keys(), 0U);
}

// Put, replaced or erased before it in the same request.
TEST_P(EraseRangeTest, SeesWhatTheRequestHasDoneSoFar) {
  put("b", "old");
  put("c", "old");
  put("e", "old");
  Call c;
  c.put("d", "new").put("b", "new").erase("c").put("a", "new").put("x", "new").erase_range("a", "x");
  c.op().want_prev = true;
  c.get("d").put("e", "again");
  run(c);
  ASSERT_TRUE(c.status.ok()) << c.status.message;
  EXPECT_EQ(prev_of(*c.outcome(5).erased), (std::vector<std::string>{"a=new", "b=new", "d=new", "e=old"}));
  EXPECT_FALSE(c.outcome(6).succeeded);
  EXPECT_EQ(value_of("a"), std::nullopt);
  EXPECT_EQ(value_of("c"), std::nullopt);
  EXPECT_EQ(value_of("e"), "again");
  EXPECT_EQ(read("e").lookup.version, 1U) << "a new key";
  EXPECT_EQ(value_of("x"), "new");
  EXPECT_EQ(keys(), 2U);
}

TEST_P(EraseRangeTest, ALimitTakesTheFirstKeysAndTellsWhetherThereAreMore) {
  for (const char* key : {"c", "a", "d", "b"}) put(key, "1");
  Call two;
  run(two.put("aa", "1").erase_range("", "", 2));
  EXPECT_EQ(two.outcome(1).erased->count, 2U);
  EXPECT_TRUE(two.outcome(1).erased->more);
  EXPECT_EQ(value_of("a"), std::nullopt);
  EXPECT_EQ(value_of("aa"), std::nullopt);
  EXPECT_EQ(value_of("b"), "1");
  Call rest;
  run(rest.erase_range("", "", 3));
  EXPECT_EQ(rest.outcome().erased->count, 3U);
  EXPECT_FALSE(rest.outcome().erased->more);
}

TEST_P(EraseRangeTest, ExpiredKeysAreLeftToTheirOwnRemoval) {
  Call c;
  run(c.put_ttl("a", "1", 10).put("b", "1").put_ttl("c", "1", 10));
  put("d", "1");
  const std::uint64_t before = store().stats().writer.expired_keys;
  // The writer removes what has expired first: one key a step, as many as clients wrote last.
  Call policy(RequestKind::kSetPolicy);
  policy.policy.max_batch = 1;
  run(policy);
  clock.advance(10 * kMs);
  Call erase;
  erase.erase_range("", "", 2);
  erase.op().want_prev = true;
  run(erase);
  ASSERT_TRUE(erase.status.ok()) << erase.status.message;
  EXPECT_EQ(prev_of(*erase.outcome().erased), (std::vector<std::string>{"b=1", "d=1"}));
  EXPECT_FALSE(erase.outcome().erased->more);
  settle();
  EXPECT_EQ(store().stats().writer.expired_keys, before + 2) << "an expiry of a key that was erased";
  EXPECT_EQ(keys(), 0U);
}

TEST_P(EraseRangeTest, ARequestErasesOnlySoManyKeys) {
  fill(kMaxErasedKeys + 1);
  Call all;
  all.put("z", "1").erase_range("", "");
  expect_refused(
      all, Code::kResourceExhausted,
      "range: more than 10000 keys for one request; set limit, and repeat while the reply says more");
  // Over all of its operations together.
  Call twice;
  twice.erase_range("k1", "k104", 0).erase_range("k104", "");
  expect_refused(
      twice, Code::kResourceExhausted,
      "range: more than 10000 keys for one request; set limit, and repeat while the reply says more");
  Call part;
  run(part.erase_range("", "", 20'000));
  ASSERT_TRUE(part.status.ok()) << part.status.message;
  EXPECT_EQ(part.outcome().erased->count, kMaxErasedKeys);
  EXPECT_TRUE(part.outcome().erased->more);
  EXPECT_EQ(keys(), 1U);
  fill(kMaxErasedKeys - 1);
  Call exactly;
  run(exactly.erase_range("k", ""));
  ASSERT_TRUE(exactly.status.ok()) << exactly.status.message;
  EXPECT_EQ(exactly.outcome().erased->count, kMaxErasedKeys);
  EXPECT_EQ(keys(), 0U);
}

// What one operation has erased, the next ones walk over: no request makes the writer do so for seconds.
TEST_P(EraseRangeTest, TheKeysThatARequestPassesAreBounded) {
  fill(kMaxErasedKeys - 1);
  Call c;
  c.erase_range("k", "", kMaxErasedKeys);
  for (int i = 0; i < 8; ++i) c.erase_range("k", "", 1);
  run(c);
  ASSERT_TRUE(c.status.ok()) << c.status.message;
  EXPECT_EQ(c.ops[0].outcome.erased->count, kMaxErasedKeys - 1);
  EXPECT_FALSE(c.ops[6].outcome.erased->more) << "60,000 and less";
  EXPECT_TRUE(c.ops[7].outcome.erased->more) << "beyond 65,536 nobody looked";
  EXPECT_TRUE(c.ops[8].outcome.erased->more);
  EXPECT_EQ(keys(), 0U);
  Call many;
  for (int i = 0; i < 2'000; ++i) many.put(numbered("a", static_cast<std::size_t>(i)), "1");
  for (int i = 0; i < 600; ++i) many.erase_range("b", "", 1);
  expect_refused(many, Code::kResourceExhausted,
                 "ops: too many ranges behind too many writes for one request; send several");
}

// Its batch ends with it, and the request behind it waits for the next.
TEST_P(EraseRangeTest, CountsForAsManyOperationsAsItErasesKeys) {
  fill(1'500);
  fill(1'500, 1'500);
  const std::uint64_t applied = store().stats().writer.applied_ops;
  Call first;
  ASSERT_TRUE(submit(first.erase_range("", "")).ok());
  Call second;
  ASSERT_TRUE(submit(second.put("a", "1")).ok());
  store().step();
  EXPECT_EQ(first.completions, 1);
  EXPECT_EQ(second.completions, 0);
  EXPECT_EQ(store().stats().writer.applied_ops, applied + 3'000);
  EXPECT_GE(store().stats().writer.batch_ops.max(), 3'000U);
  settle();
  EXPECT_EQ(second.completions, 1);
}

TEST_P(EraseRangeTest, ItsReplyIsBoundedAsAnyOther) {
  const std::string value(OpRules::kMaxOutcomeBytes / 2, 'v');
  put("a", value);
  put("b", value);
  Call both;
  both.erase_range("", "");
  both.op().want_prev = true;
  expect_refused(both, Code::kResourceExhausted,
                 "ops: the reply would be larger than 16 MiB; ask for fewer values");
  Call one;
  one.erase_range("", "", 1);
  one.op().want_prev = true;
  run(one);
  EXPECT_TRUE(one.status.ok()) << one.status.message;
  EXPECT_GT(one.bytes, value.size());
}

TEST_P(EraseRangeTest, NeedsTheIndex) {
  options.ordered_index = false;
  put("a", "1");
  Call c;
  c.erase_range("", "");
  expect_refused(c, Code::kFailedPrecondition, "Delete by prefix or range needs --ordered-index=on");
  EXPECT_EQ(value_of("a"), "1");
}

TEST_P(EraseRangeTest, OnlyTheListThatIsChosenErases) {
  put("a", "1");
  Call c;
  c.when("a", Target::kExists, Comparison::kNotEqual, 0).erase_range("", "").or_else().get("a");
  run(c);
  EXPECT_FALSE(c.held);
  EXPECT_EQ(value_of("a"), "1");
}

}  // namespace
}  // namespace flashkv::test
