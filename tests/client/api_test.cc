// Every call of the library against kvd itself: what goes out and what comes back.
#include "client/flashkv/client.h"

#include <gtest/gtest.h>

#include "tests/server/kvd.h"

namespace flashkv::client {
namespace {

class ApiTest : public testing::Test {
 protected:
  ApiTest() {
    const std::string ready = kvd_.line_with("serving listen=");
    const std::string address = ready.substr(ready.find("127.0.0.1:"));
    auto opened = Client::open({.endpoint = address.substr(0, address.find(' '))});
    if (!opened) throw std::runtime_error(opened.error().message);
    client_ = std::make_unique<Client>(std::move(*opened));
  }
  Client& client() { return *client_; }

  std::string value_of(std::string_view key) {
    auto got = client().get(key);
    return got && got->kv ? got->kv->value : "(none)";
  }

 private:
  Kvd kvd_{{"--listen", "127.0.0.1:0"}};
  std::unique_ptr<Client> client_;
};

TEST_F(ApiTest, EveryPutOptionReachesTheServer) {
  auto put = client().put("k", "1", {.ttl_ms = 3'600'000});
  ASSERT_TRUE(put) << put.error().message;
  EXPECT_TRUE(put->succeeded);
  EXPECT_EQ(put->revision, 1U);
  const std::int64_t expires = client().get("k")->kv->expires_at_ms;
  EXPECT_GT(expires, 0);
  EXPECT_FALSE(client().put("k", "2", {.condition = Condition::kIfAbsent})->succeeded);
  EXPECT_FALSE(client().put("none", "2", {.condition = Condition::kIfPresent})->succeeded);
  EXPECT_FALSE(client().put("k", "2", {.expected_mod_revision = 7})->succeeded);
  auto kept = client().put("k", "2", {.keep_ttl = true, .expected_mod_revision = 1, .prev_kv = true});
  ASSERT_TRUE(kept && kept->succeeded && kept->prev_kv);
  EXPECT_EQ(kept->prev_kv->value, "1");
  const KeyValue now = *client().get("k")->kv;
  EXPECT_EQ(now.expires_at_ms, expires);
  EXPECT_EQ(now.create_revision, 1U);
  EXPECT_EQ(now.mod_revision, 2U);
  EXPECT_EQ(now.version, 2U);
  EXPECT_EQ(client().put("k", "3", {.ack = Ack::kDurable}).error().code, Errc::kFailedPrecondition);
}

TEST_F(ApiTest, ReadsCanLeaveValuesOutAndWaitForARevision) {
  ASSERT_TRUE(client().put("k", "1"));
  auto got = client().get("k", {.keys_only = true, .at_least_revision = 1});
  ASSERT_TRUE(got && got->kv);
  EXPECT_EQ(got->kv->value, "");
  EXPECT_EQ(client().get("k", {.at_least_revision = 2}).error().code, Errc::kOutOfRange);
}

TEST_F(ApiTest, DeletesAndReturnsWhatWasThere) {
  ASSERT_TRUE(client().put("k", "1"));
  auto deleted = client().del("k", true);
  ASSERT_TRUE(deleted);
  EXPECT_EQ(deleted->deleted, 1U);
  ASSERT_EQ(deleted->prev_kvs.size(), 1U);
  EXPECT_EQ(deleted->prev_kvs[0].value, "1");
  EXPECT_EQ(deleted->revision, 2U);
  EXPECT_EQ(client().del("k")->deleted, 0U);
}

TEST_F(ApiTest, SetsAndRemovesAnExpiry) {
  EXPECT_FALSE(client().expire("k", 1'000)->found);
  ASSERT_TRUE(client().put("k", "1"));
  auto set = client().expire("k", 3'600'000);
  ASSERT_TRUE(set && set->found);
  EXPECT_EQ(set->revision, 2U);
  EXPECT_GT(client().get("k")->kv->expires_at_ms, 0);
  EXPECT_TRUE(client().expire("k", 0)->found);
  EXPECT_EQ(client().get("k")->kv->expires_at_ms, 0);
  EXPECT_EQ(client().expire("k", -1).error().code, Errc::kInvalidArgument);
}

TEST_F(ApiTest, CountsFromTheInitialValue) {
  auto first = client().increment("n", -3, {.initial = 10, .ttl_ms = 3'600'000});
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(first->value, 7);
  EXPECT_EQ(first->revision, 1U);
  EXPECT_EQ(client().increment("n")->value, 8);
  EXPECT_GT(client().get("n")->kv->expires_at_ms, 0);
  ASSERT_TRUE(client().put("text", "x"));
  EXPECT_EQ(client().increment("text").error().code, Errc::kFailedPrecondition);
}

TEST_F(ApiTest, AppendsBytes) {
  EXPECT_EQ(client().append("log", std::string("a\0", 2))->length, 2U);
  auto more = client().append("log", "b");
  ASSERT_TRUE(more);
  EXPECT_EQ(more->length, 3U);
  EXPECT_EQ(more->revision, 2U);
  EXPECT_EQ(value_of("log"), std::string("a\0b", 3));
}

TEST_F(ApiTest, ATransactionTakesEveryKindOfOperation) {
  ASSERT_TRUE(client().put("a", "1"));
  Txn txn;
  txn.compare = {{.key = "a", .target = Target::kValue, .value = "1"},
                 {.key = "a", .comparison = Comparison::kGreater, .number = 0},
                 {.key = "a", .target = Target::kCreate, .comparison = Comparison::kLess, .number = 2},
                 {.key = "a", .target = Target::kMod, .number = 1},
                 {.key = "b", .target = Target::kExists, .comparison = Comparison::kNotEqual}};
  txn.success = {GetOp{.key = "a"},
                 PutOp{.key = "b", .value = "2", .options = {.ttl_ms = 3'600'000}},
                 ExpireOp{.key = "b2", .ttl_ms = 5},
                 IncrementOp{.key = "n", .delta = 4, .options = {.initial = 1}},
                 AppendOp{.key = "log", .value = "xy"},
                 DeleteOp{.key = "a", .prev_kv = true}};
  txn.failure = {GetOp{.key = "b", .keys_only = true}};
  auto done = client().txn(txn);
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_TRUE(done->succeeded);
  EXPECT_EQ(done->revision, 2U);
  ASSERT_EQ(done->results.size(), 6U);
  EXPECT_EQ(std::get<GetResult>(done->results[0]).kv->value, "1");
  EXPECT_TRUE(std::get<PutResult>(done->results[1]).succeeded);
  EXPECT_FALSE(std::get<ExpireResult>(done->results[2]).found);
  EXPECT_EQ(std::get<IncrementResult>(done->results[3]).value, 5);
  EXPECT_EQ(std::get<AppendResult>(done->results[4]).length, 2U);
  EXPECT_EQ(std::get<DeleteResult>(done->results[5]).prev_kvs.at(0).value, "1");
  EXPECT_GT(client().get("b")->kv->expires_at_ms, 0);

  auto again = client().txn(txn);
  ASSERT_TRUE(again && !again->succeeded);
  ASSERT_EQ(again->results.size(), 1U);
  const GetResult& got = std::get<GetResult>(again->results[0]);
  EXPECT_EQ(got.kv->key, "b");
  EXPECT_EQ(got.kv->value, "");
  EXPECT_EQ(value_of("n"), "5");
}

TEST_F(ApiTest, ATransactionThatFailsChangesNothing) {
  Txn txn;
  txn.success = {PutOp{.key = "a", .value = "1"}, PutOp{.key = "a", .value = "2"}};
  EXPECT_EQ(client().txn(txn).error().code, Errc::kInvalidArgument);
  txn = {.compare = {}, .success = {PutOp{.key = "a", .value = "1"}}, .failure = {}, .ack = Ack::kDurable};
  EXPECT_EQ(client().txn(txn).error().code, Errc::kFailedPrecondition);
  EXPECT_EQ(value_of("a"), "(none)");
}

}  // namespace
}  // namespace flashkv::client
