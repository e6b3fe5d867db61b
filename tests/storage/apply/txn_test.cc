// Transactions: conditions on the staged state choose between two lists of operations.
#include <gtest/gtest.h>

#include <tuple>

#include "storage/apply/compare.h"
#include "tests/support/store_fixture.h"

namespace flashkv::test {
namespace {

using enum Comparison;

struct CompareCase {
  Target target;
  Comparison comparison;
  std::uint64_t number;
  std::string_view value;
  bool present;  // the answer for a record of version 3, made at 5, changed at 9, "m"
  bool absent;   // and for an absent key
};

TEST(Compare, EveryTargetWithEveryComparison) {
  const RecordPtr record = Record::make("k", "m", Record::Expiry::kNone);
  record->stamp(5, 9, 3);
  const CompareCase cases[] = {
      {Target::kVersion, kEqual, 3, "", true, false},    {Target::kVersion, kEqual, 0, "", false, true},
      {Target::kVersion, kNotEqual, 3, "", false, true}, {Target::kVersion, kGreater, 2, "", true, false},
      {Target::kVersion, kGreater, 3, "", false, false}, {Target::kVersion, kLess, 4, "", true, true},
      {Target::kVersion, kLess, 3, "", false, true},     {Target::kCreate, kEqual, 5, "", true, false},
      {Target::kCreate, kEqual, 9, "", false, false},    {Target::kMod, kEqual, 9, "", true, false},
      {Target::kMod, kEqual, 5, "", false, false},       {Target::kMod, kLess, 1, "", false, true},
      {Target::kValue, kEqual, 0, "m", true, false},     {Target::kValue, kNotEqual, 0, "m", false, false},
      {Target::kValue, kNotEqual, 0, "x", true, false},  {Target::kValue, kGreater, 0, "l", true, false},
      {Target::kValue, kGreater, 0, "m", false, false},  {Target::kValue, kLess, 0, "ma", true, false},
      {Target::kValue, kLess, 0, "\xff", true, false},   {Target::kValue, kEqual, 0, "", false, false},
      {Target::kExists, kEqual, 0, "", true, false},     {Target::kExists, kNotEqual, 0, "", false, true},
  };
  for (const CompareCase& c : cases) {
    SCOPED_TRACE(testing::Message() << int(c.target) << " " << int(c.comparison) << " " << c.number
                                    << c.value);
    const Compare compare{
        .target = c.target, .comparison = c.comparison, .key = "k", .number = c.number, .value = c.value};
    EXPECT_EQ(holds(compare, record.get()), c.present);
    EXPECT_EQ(holds(compare, nullptr), c.absent);
  }
}

using TxnTest = StoreTest;
INSTANTIATE_TEST_SUITE_P(Engines, TxnTest, ::testing::ValuesIn(served_cases()), EngineName{});

TEST_P(TxnTest, AllConditionsMustHoldForTheFirstList) {
  put("a", "1");
  put("b", "1");
  Call both;
  both.when("a", Target::kMod, kEqual, 1).when("b", Target::kValue, kEqual, 0, "1");
  both.put("c", "won").or_else().put("c", "lost").put("d", "lost");
  run(both);
  EXPECT_TRUE(both.held);
  EXPECT_EQ(value_of("c"), "won");
  EXPECT_EQ(value_of("d"), std::nullopt);
  EXPECT_EQ(both.revision, 3U);

  Call one;
  one.when("a", Target::kMod, kEqual, 1).when("b", Target::kValue, kEqual, 0, "2");
  one.erase("a").or_else().append("c", "!").get("c");
  run(one);
  EXPECT_FALSE(one.held);
  EXPECT_EQ(value_of("a"), "1");
  EXPECT_EQ(value_of("c"), "won!");
  EXPECT_EQ(one.outcome(0).length, 4U);
  EXPECT_EQ(one.outcome(1).kv->value(), "won!") << "a read sees the operations before it";
}

TEST_P(TxnTest, ConditionsSeeWhatIsStagedAndNotYetPublished) {
  options.policy.interval = 1'000 * kMs;
  options.policy.adaptive = false;
  Call first;
  first.when("lock", Target::kExists, kNotEqual, 0).put("lock", "first");
  Call second;
  second.when("lock", Target::kExists, kNotEqual, 0).put("lock", "second").or_else().get("lock");
  ASSERT_TRUE(submit(first).ok());
  ASSERT_TRUE(submit(second).ok());
  settle();
  EXPECT_EQ(second.completions, 0) << "its answer rests on a state that no reader sees yet";
  clock.advance(1'000 * kMs);
  settle();
  ASSERT_TRUE(first.done() && second.done());
  EXPECT_TRUE(first.held);
  EXPECT_FALSE(second.held);
  EXPECT_EQ(second.outcome().kv->value(), "first");
  EXPECT_EQ(second.revision, 1U) << "a read takes no revision";
  EXPECT_EQ(value_of("lock"), "first");
}

TEST_P(TxnTest, AnExpiredKeyIsAbsentToAConditionToo) {
  Call c;
  run(c.put_ttl("a", "1", 100));
  clock.advance(100 * kMs);
  Call gone;
  run(gone.when("a", Target::kExists, kNotEqual, 0).put("b", "1"));
  EXPECT_TRUE(gone.held);
}

TEST_P(TxnTest, ConditionsAloneAnswerAndTakeNoRevision) {
  put("a", "1");
  for (const std::uint64_t version : {1U, 2U}) {
    Call ask;
    run(ask.when("a", Target::kVersion, kEqual, version));
    EXPECT_TRUE(ask.status.ok());
    EXPECT_EQ(ask.held, version == 1);
    EXPECT_EQ(ask.revision, 1U);
  }
}

TEST_P(TxnTest, AFailureInTheChosenListChangesNothingAndOneInTheOtherDoesNotMatter) {
  put("text", "x");
  Call failing;
  failing.when("text", Target::kExists, kEqual, 0).put("a", "1").increment("text", 1).or_else().put("b", "1");
  run(failing);
  EXPECT_EQ(failing.status.code, Code::kFailedPrecondition);
  EXPECT_EQ(value_of("a"), std::nullopt);
  EXPECT_EQ(store().assigned_revision(), 1U);

  Call passing;
  passing.when("text", Target::kExists, kNotEqual, 0).increment("text", 1).or_else().put("b", "1");
  run(passing);
  EXPECT_TRUE(passing.status.ok()) << passing.status.message;
  EXPECT_EQ(value_of("b"), "1");
}

// The prefetcher walks the first list of each request, whichever is applied.
TEST_P(TxnTest, BothListsOfManyTransactionsInOneBatchAreApplied) {
  put("yes", "1");
  std::vector<std::unique_ptr<Call>> calls;
  for (std::size_t i = 0; i < 60; ++i) {
    Call& call = *calls.emplace_back(std::make_unique<Call>());
    call.when(i % 2 == 0 ? "yes" : "no", Target::kExists, kEqual, 0);
    for (std::size_t k = 0; k < i % 7; ++k) call.put(numbered("held", 10 * i + k), "1");
    call.or_else();
    for (std::size_t k = 0; k < 3; ++k) call.put(numbered("not", 10 * i + k), "1");
    ASSERT_TRUE(submit(call).ok());
  }
  settle();
  std::uint64_t keys = 1;
  for (std::size_t i = 0; i < calls.size(); ++i) {
    EXPECT_TRUE(calls[i]->done());
    EXPECT_EQ(calls[i]->held, i % 2 == 0);
    keys += i % 2 == 0 ? i % 7 : 3;
  }
  EXPECT_EQ(store().stats().engine.keys, keys);
  EXPECT_EQ(value_of("not10"), "1");
  EXPECT_EQ(value_of("held21"), "1");
  EXPECT_EQ(value_of("held10"), std::nullopt);
}

TEST_P(TxnTest, BothListsAndTheConditionsCountInTheQueue) {
  store();
  const auto bytes_of = [this](Call& call) {
    EXPECT_TRUE(submit(call).ok());
    const std::uint64_t bytes = call.bytes;
    settle();
    return bytes;
  };
  const std::string large(100'000, 'v');
  Call plain, with_otherwise, with_condition;
  const std::uint64_t least = bytes_of(plain.put("a", "1"));
  EXPECT_GT(bytes_of(with_otherwise.put("a", "1").or_else().put("a", large)), least + large.size());
  EXPECT_GT(bytes_of(with_condition.put("a", "1").when("a", Target::kValue, kEqual, 0, large)),
            least + large.size());
}

TEST_P(TxnTest, ATransactionCountsForTheKeysItMayTouch) {
  options.policy.max_batch = 10;
  std::vector<std::unique_ptr<Call>> calls;
  for (std::size_t i = 0; i < 4; ++i) {
    Call& call = *calls.emplace_back(std::make_unique<Call>());
    for (std::size_t k = 0; k < 3; ++k) call.when(numbered("k", k), Target::kExists, kEqual, 0);
    call.put("a", "1").or_else().put("b", "1").put("c", "1");
    ASSERT_TRUE(submit(call).ok());
  }
  store().step();
  EXPECT_EQ(store().stats().writer.applied_requests, 2U) << "five keys each";
  settle();
}

// Of twenty large values, no reply could hold the copies.
TEST_P(TxnTest, AReadOfTheKeyAloneCopiesNoValue) {
  Call large;
  large.put_ttl("large", std::string(std::size_t{1} << 20, 'v'), 1'000);
  run(large);
  Call call;
  for (int i = 0; i < 20; ++i) {
    call.get("large");
    call.op().keys_only = true;
  }
  ASSERT_TRUE(submit(call).ok());
  const std::uint64_t asked = call.bytes;
  settle();
  ASSERT_TRUE(call.status.ok()) << call.status.message;
  EXPECT_LT(call.bytes - asked, 20U * 100) << "what it holds of the queue's bytes";
  const Record& kv = *call.outcome(19).kv;
  EXPECT_EQ(kv.key(), "large");
  EXPECT_EQ(kv.value(), "");
  EXPECT_EQ(kv.mod_revision(), 1U);
  EXPECT_EQ(kv.version(), 1U);
  EXPECT_EQ(kv.expires_at_ms(), clock.now() / kMs + 1'000);
}

}  // namespace
}  // namespace flashkv::test
