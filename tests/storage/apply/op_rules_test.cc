// The meaning of each operation, over every engine.
#include <gtest/gtest.h>

#include "tests/support/store_fixture.h"

namespace flashkv::test {
namespace {

using OpRulesTest = StoreTest;
INSTANTIATE_TEST_SUITE_P(Engines, OpRulesTest, ::testing::ValuesIn(served_cases()), EngineName{});

TEST_P(OpRulesTest, PutStampsRevisionsAndVersion) {
  put("a", "1");
  put("b", "1");
  put("a", "2");
  const Seen a = read("a");
  EXPECT_EQ(a.value, "2");
  EXPECT_EQ(a.lookup.create_revision, 1U);
  EXPECT_EQ(a.lookup.mod_revision, 3U);
  EXPECT_EQ(a.lookup.version, 2U);
  EXPECT_EQ(a.revision, 3U);
}

TEST_P(OpRulesTest, PutIfAbsentWritesOnlyNewKeys) {
  for (const bool first : {true, false}) {
    Call c;
    c.put("a", first ? "1" : "2");
    c.op().condition = Condition::kIfAbsent;
    run(c);
    EXPECT_TRUE(c.status.ok());
    EXPECT_EQ(c.outcome().succeeded, first);
    EXPECT_EQ(c.revision, 1U);
  }
  EXPECT_EQ(value_of("a"), "1");
}

TEST_P(OpRulesTest, PutIfPresentWritesOnlyOldKeys) {
  Call missing;
  missing.put("a", "1");
  missing.op().condition = Condition::kIfPresent;
  EXPECT_FALSE(run(missing).outcome().succeeded);
  EXPECT_EQ(missing.revision, 0U);
  put("a", "0");
  Call there;
  there.put("a", "1");
  there.op().condition = Condition::kIfPresent;
  EXPECT_TRUE(run(there).outcome().succeeded);
  EXPECT_EQ(value_of("a"), "1");
}

TEST_P(OpRulesTest, PutWithExpectedRevisionComparesAndSwaps) {
  struct Row {
    std::uint64_t expected;
    bool written;
  };
  for (const Row row :
       {Row{5, false}, Row{0, true}, Row{0, false}, Row{1, true}, Row{1, false}, Row{2, true}}) {
    Call c;
    c.put("a", "x");
    c.op().has_expected = true;
    c.op().expected_mod_revision = row.expected;
    EXPECT_EQ(run(c).outcome().succeeded, row.written) << "expected " << row.expected;
  }
  EXPECT_EQ(read("a").lookup.version, 3U);
}

TEST_P(OpRulesTest, PreviousRecordComesBackOnSuccessAndOnFailure) {
  put("a", "old");
  for (const Condition condition : {Condition::kIfAbsent, Condition::kAlways}) {
    Call c;
    c.put("a", "new");
    c.op().want_prev = true;
    c.op().condition = condition;
    run(c);
    ASSERT_NE(c.outcome().kv, nullptr);
    EXPECT_EQ(c.outcome().kv->value(), "old");
    EXPECT_EQ(c.outcome().kv->mod_revision(), 1U);
  }
  Call c;
  c.erase("a");
  c.op().want_prev = true;
  EXPECT_EQ(run(c).outcome().kv->value(), "new");
}

TEST_P(OpRulesTest, EraseFindsOnceAndThenChangesNothing) {
  put("a", "1");
  Call first;
  EXPECT_TRUE(run(first.erase("a")).outcome().succeeded);
  EXPECT_EQ(first.revision, 2U);
  EXPECT_EQ(value_of("a"), std::nullopt);
  Call second;
  EXPECT_FALSE(run(second.erase("a")).outcome().succeeded);
  EXPECT_EQ(second.revision, 2U);
  put("a", "2");
  EXPECT_EQ(read("a").lookup.version, 1U);
  EXPECT_EQ(read("a").lookup.create_revision, 3U);
}

TEST_P(OpRulesTest, GetAnswersFromTheStagedState) {
  put("a", "1");
  Call c;
  run(c.get("a").get("b"));
  ASSERT_TRUE(c.outcome(0).succeeded);
  EXPECT_EQ(c.outcome(0).kv->value(), "1");
  EXPECT_FALSE(c.outcome(1).succeeded);
  EXPECT_EQ(c.outcome(1).kv, nullptr);
  EXPECT_EQ(c.revision, 1U);
}

TEST_P(OpRulesTest, IncrementCountsFromInitialAndKeepsDecimalText) {
  Call create;
  create.increment("n", 5, 100);
  EXPECT_EQ(run(create).outcome().number, 105);
  Call down;
  EXPECT_EQ(run(down.increment("n", -110, 7)).outcome().number, -5);
  EXPECT_EQ(value_of("n"), "-5");
  EXPECT_EQ(read("n").lookup.version, 2U);
}

TEST_P(OpRulesTest, IncrementRefusesWhatIsNotANumber) {
  for (const std::string_view text :
       {"", "x", "1 ", " 1", "+1", "1.0", "9223372036854775808", "0x10", "1\n"}) {
    put("n", text);
    const std::uint64_t before = store().assigned_revision();
    Call c;
    run(c.increment("n", 1));
    EXPECT_EQ(c.status.code, Code::kFailedPrecondition) << text;
    EXPECT_EQ(value_of("n"), text);
    EXPECT_EQ(store().assigned_revision(), before);
    EXPECT_FALSE(c.applied);
  }
}

TEST_P(OpRulesTest, IncrementRefusesToOverflow) {
  put("n", "9223372036854775807");
  Call up;
  run(up.increment("n", 1));
  EXPECT_EQ(up.status.code, Code::kOutOfRange);
  Call fresh;
  run(fresh.increment("m", -1, std::numeric_limits<std::int64_t>::min()));
  EXPECT_EQ(fresh.status.code, Code::kOutOfRange);
  EXPECT_EQ(value_of("m"), std::nullopt);
}

TEST_P(OpRulesTest, AppendGrowsAValueUpToTheLimit) {
  options.limits.max_value_bytes = 10;
  Call c;
  run(c.append("a", "12345").append("a", "6789").append("b", ""));
  EXPECT_EQ(c.outcome(0).length, 5U);
  EXPECT_EQ(c.outcome(1).length, 9U);
  EXPECT_EQ(value_of("a"), "123456789");
  EXPECT_EQ(value_of("b"), "");
  EXPECT_EQ(read("a").lookup.version, 1U);
  Call over;
  run(over.append("a", "xx"));
  EXPECT_EQ(over.status.code, Code::kInvalidArgument);
  EXPECT_EQ(over.status.message, "value: 9 + 2 bytes exceed max-value-bytes 10");
  EXPECT_EQ(value_of("a"), "123456789");
}

TEST_P(OpRulesTest, RepeatedKeysLeaveOneEvent) {
  put("a", "0");
  Call c;
  run(c.put("a", "1").put("a", "2").append("a", "3").get("a"));
  const Seen a = read("a");
  EXPECT_EQ(a.value, "23");
  EXPECT_EQ(a.lookup.version, 2U);
  EXPECT_EQ(a.lookup.create_revision, 1U);
  EXPECT_EQ(a.lookup.mod_revision, 2U);
  EXPECT_EQ(c.outcome(3).kv->value(), "23");
  EXPECT_EQ(c.outcome(3).kv->mod_revision(), 2U);
}

TEST_P(OpRulesTest, LaterOperationsSeeEarlierOnesOfTheirRequest) {
  put("old", "1");
  Call c;
  c.put("new", "x");
  c.put("new", "y");
  c.op().condition = Condition::kIfAbsent;
  c.erase("old");
  c.get("old");
  c.put("old", "2");
  c.op().condition = Condition::kIfAbsent;
  c.increment("n", 1, 1).increment("n", 1);
  run(c);
  EXPECT_FALSE(c.outcome(1).succeeded);
  EXPECT_TRUE(c.outcome(2).succeeded);
  EXPECT_FALSE(c.outcome(3).succeeded);
  EXPECT_TRUE(c.outcome(4).succeeded);
  EXPECT_EQ(c.outcome(6).number, 3);
  EXPECT_EQ(value_of("new"), "x");
  EXPECT_EQ(value_of("old"), "2");
  EXPECT_EQ(read("old").lookup.create_revision, 2U);
  EXPECT_EQ(read("old").lookup.version, 1U);
  EXPECT_EQ(c.revision, 2U);
}

TEST_P(OpRulesTest, AKeyPutAndErasedInOneRequestIsNoChange) {
  Call c;
  run(c.put("a", "1").erase("a"));
  EXPECT_TRUE(c.status.ok());
  EXPECT_TRUE(c.outcome(1).succeeded);
  EXPECT_EQ(c.revision, 0U);
  EXPECT_EQ(store().assigned_revision(), 0U);
  EXPECT_EQ(value_of("a"), std::nullopt);
  put("b", "1");
  EXPECT_EQ(read("b").lookup.mod_revision, 1U);
}

TEST_P(OpRulesTest, AFailedRequestChangesNothingAndKeepsNoOutcome) {
  put("text", "x");
  put("a", "1");
  Call c;
  c.put("a", "2");
  c.op().want_prev = true;
  c.erase("text").put("text", "y").increment("text", 1);
  run(c);
  EXPECT_EQ(c.status.code, Code::kFailedPrecondition);
  EXPECT_FALSE(c.applied);
  EXPECT_FALSE(c.outcome(0).succeeded);
  EXPECT_EQ(c.outcome(0).kv, nullptr);
  EXPECT_EQ(c.revision, 2U);
  EXPECT_EQ(value_of("a"), "1");
  EXPECT_EQ(value_of("text"), "x");
  EXPECT_EQ(store().assigned_revision(), 2U);
}

TEST_P(OpRulesTest, AllKeysMayCollide) {
  options.hash_mask = 0;
  Call c;
  for (std::size_t i = 0; i < 40; ++i) c.put(numbered("key", i), std::to_string(i));
  for (std::size_t i = 0; i < 40; i += 2) c.erase(numbered("key", i));
  run(c);
  for (std::size_t i = 0; i < 40; ++i) {
    const auto v = value_of(numbered("key", i));
    EXPECT_EQ(v.value_or("none"), i % 2 == 0 ? "none" : std::to_string(i));
  }
}

TEST_P(OpRulesTest, MalformedOperationsAreRefused) {
  Call ttl;
  EXPECT_EQ(run(ttl.put_ttl("a", "1", -1)).status.code, Code::kInvalidArgument);
  Call both;
  both.put_ttl("a", "1", 5);
  both.op().keep_ttl = true;
  EXPECT_EQ(run(both).status.code, Code::kInvalidArgument);
  Call bare;
  EXPECT_EQ(run(bare.add(OpKind::kPut, "a")).status.code, Code::kInternal);
  Call negative;
  EXPECT_EQ(run(negative.expire("a", -1)).status.code, Code::kInvalidArgument);
  EXPECT_EQ(store().assigned_revision(), 0U);
}

}  // namespace
}  // namespace flashkv::test
