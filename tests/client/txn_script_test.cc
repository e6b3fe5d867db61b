#include "client/kvctl/cli/txn_script.h"

#include <gtest/gtest.h>

namespace flashkv::kvctl {
namespace {

using client::Comparison;
using client::Target;
using Words = std::vector<std::string>;

TEST(SplitWords, AsAShellWould) {
  std::string error;
  EXPECT_EQ(split_words("  put  a b\t c ", error), (Words{"put", "a", "b", "c"}));
  EXPECT_EQ(split_words("put 'a b' \"c d\" e'f g'h ''", error), (Words{"put", "a b", "c d", "ef gh", ""}));
  EXPECT_EQ(split_words(R"(put "a\n\t\\\"\x00\xff" '\n')", error),
            (Words{"put", std::string("a\n\t\\\"\0\xff", 7), "\\n"}));
  EXPECT_EQ(split_words("get a#b # put c", error), (Words{"get", "a#b"}));
  EXPECT_EQ(split_words("# all of it", error), Words{});
}

TEST(SplitWords, SaysWhatIsWrong) {
  for (const char* bad : {"put 'a", "put \"a", "put \"a\\", "put \"\\q\"", "put \"\\x1\"", "put \"\\xg0\""}) {
    std::string error;
    EXPECT_EQ(split_words(bad, error), std::nullopt) << bad;
    EXPECT_FALSE(error.empty()) << bad;
  }
}

TEST(TxnScript, TakesConditionsAndEveryOperation) {
  std::string error;
  const auto txn = parse_txn(R"(# a lock
if
  absent lock
  exists config
  value config != "v 1"
  version config > 3
  create config < 9
  mod config = 18446744073709551615
then
  put lock me --ttl 1h30m --if-absent --prev
  incr visits -5 --initial -7 --ttl 2s
  append log ' x'
  expire lock 0
  del a b --prev
else
  get lock
  get [a,b] --keys-only
)",
                             error);
  ASSERT_TRUE(txn) << error;
  ASSERT_EQ(txn->compare.size(), 6U);
  EXPECT_EQ(txn->compare[0].target, Target::kExists);
  EXPECT_EQ(txn->compare[0].comparison, Comparison::kNotEqual);
  EXPECT_EQ(txn->compare[1].comparison, Comparison::kEqual);
  EXPECT_EQ(txn->compare[2].target, Target::kValue);
  EXPECT_EQ(txn->compare[2].comparison, Comparison::kNotEqual);
  EXPECT_EQ(txn->compare[2].value, "v 1");
  EXPECT_EQ(txn->compare[3].target, Target::kVersion);
  EXPECT_EQ(txn->compare[3].comparison, Comparison::kGreater);
  EXPECT_EQ(txn->compare[3].number, 3U);
  EXPECT_EQ(txn->compare[4].target, Target::kCreate);
  EXPECT_EQ(txn->compare[4].comparison, Comparison::kLess);
  EXPECT_EQ(txn->compare[5].target, Target::kMod);
  EXPECT_EQ(txn->compare[5].number, ~std::uint64_t{0});
  ASSERT_EQ(txn->success.size(), 6U);
  const auto& put = std::get<client::PutOp>(txn->success[0]);
  EXPECT_EQ(put.key + "=" + put.value, "lock=me");
  EXPECT_EQ(put.options.ttl_ms, 5'400'000);
  EXPECT_EQ(put.options.condition, client::Condition::kIfAbsent);
  EXPECT_TRUE(put.options.prev_kv);
  const auto& incr = std::get<client::IncrementOp>(txn->success[1]);
  EXPECT_EQ(incr.delta, -5);
  EXPECT_EQ(incr.options.initial, -7);
  EXPECT_EQ(incr.options.ttl_ms, 2'000);
  EXPECT_EQ(std::get<client::AppendOp>(txn->success[2]).value, " x");
  EXPECT_EQ(std::get<client::ExpireOp>(txn->success[3]).ttl_ms, 0);
  EXPECT_EQ(std::get<client::DeleteOp>(txn->success[4]).key, "a");
  EXPECT_EQ(std::get<client::DeleteOp>(txn->success[5]).key, "b");
  EXPECT_TRUE(std::get<client::DeleteOp>(txn->success[5]).prev_kv);
  ASSERT_EQ(txn->failure.size(), 2U);
  EXPECT_EQ(std::get<client::GetOp>(txn->failure[0]).key, "lock");
  EXPECT_EQ(std::get<client::GetOp>(txn->failure[1]).key, "[a,b]");
  EXPECT_TRUE(std::get<client::GetOp>(txn->failure[1]).keys_only);
}

TEST(TxnScript, BytesOfEveryKindArriveWhole) {
  std::string error;
  const auto txn = parse_txn(R"(then
  put "user\x00old" "a\x00b"
  del "\x1fkey" "\x00"
  incr "\x1fhits" -5
)",
                             error);
  ASSERT_TRUE(txn) << error;
  const auto& put = std::get<client::PutOp>(txn->success.at(0));
  EXPECT_EQ(put.key, std::string("user\0old", 8));
  EXPECT_EQ(put.value, std::string("a\0b", 3));
  EXPECT_EQ(std::get<client::DeleteOp>(txn->success.at(1)).key, "\x1fkey");
  EXPECT_EQ(std::get<client::DeleteOp>(txn->success.at(2)).key, std::string(1, '\0'));
  EXPECT_EQ(std::get<client::IncrementOp>(txn->success.at(3)).key, "\x1fhits");
  EXPECT_EQ(std::get<client::IncrementOp>(txn->success.at(3)).delta, -5);
}

TEST(TxnScript, NamesTheLineAndWhatIsWrongWithIt) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "the script is empty"},
      {"put a b", "line 1: \"if\", \"then\" or \"else\" comes first"},
      {"if\n\nabsent", "line 3: a condition is"},
      {"if\nversion a 3", "line 2: a condition is"},
      {"if\nversion a >= 3", "line 2: a condition is"},
      {"if\nmod a = x", "line 2: x is not a whole number"},
      {"if\nmod a = -1", "line 2: -1 is not a whole number"},
      {"then\nif\nthen", "line 3: a second \"then\""},
      {"then\nset a b", "line 2: \"set\" is not one of get, put"},
      {"then\nmget a b", "line 2: \"mget\" is not one of get, put"},
      {"then\nput a", "line 2: a value, - for standard input, or --file is required; see kvctl put --help"},
      {"then\nput a -", "line 2: a value stands in the script itself"},
      {"then\nput a --file x", "line 2: --file has no place in a transaction"},
      {"then\nget a --at-least-revision 3", "line 2: --at-least-revision has no place"},
      {"then\nput a b --ack applied", "line 2: --ack has no place"},
      {"then\nincr a 1.5", "line 2: delta: \"1.5\" is not a whole number"},
      {"then\nput a 'b", "line 2: a quote ' is not closed"},
  };
  for (const auto& [script, wanted] : cases) {
    std::string error;
    EXPECT_FALSE(parse_txn(script, error)) << script;
    EXPECT_EQ(error.substr(0, std::string(wanted).size()), wanted) << script;
  }
}

}  // namespace
}  // namespace flashkv::kvctl
