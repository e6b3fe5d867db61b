// The pipelined calls of the library against kvd itself.
#include "client/flashkv/pipeline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <mutex>

#include "tests/server/kvd.h"

namespace flashkv::client {
namespace {

using testing::HasSubstr;

std::string key(std::size_t number) { return std::string("k").append(std::to_string(number)); }

class PipelineTest : public testing::Test {
 protected:
  PipelineTest() : endpoint_(after(kvd_.line_with("serving listen="), "listen=")) { connect({}); }

  void connect(ClientOptions options) {
    options.endpoint = endpoint_;
    auto opened = Client::open(options);
    if (!opened) throw std::runtime_error(opened.error().message);
    client_ = std::make_unique<Client>(std::move(*opened));
  }
  Client& client() { return *client_; }
  Kvd& kvd() { return kvd_; }

  // Counts results, and keeps the last; the pipeline's thread writes, drain() orders that before reads.
  template <typename T>
  struct Seen {
    std::size_t ok = 0;
    std::map<Errc, std::size_t> failed;
    std::optional<T> last;
    std::optional<Error> error;
    Pipeline::Done<T> done() {
      return [this](Result<T> result) {
        if (result) {
          ++ok;
          last = std::move(*result);
        } else {
          ++failed[result.error().code];
          error = result.error();
        }
      };
    }
  };

 private:
  Kvd kvd_{{"--listen", "127.0.0.1:0"}};
  const std::string endpoint_;
  std::unique_ptr<Client> client_;
};

TEST_F(PipelineTest, EveryCallReachesTheServerAndComesBack) {
  Pipeline pipeline(client(), {.calls_per_message = 3});
  ASSERT_TRUE(client().put("number", "40"));
  ASSERT_TRUE(client().put("text", "ab"));
  ASSERT_TRUE(client().put("gone", "x"));
  ASSERT_TRUE(client().put("soon", "y"));
  Seen<PutResult> put;
  Seen<DeleteResult> del;
  Seen<ExpireResult> expire;
  Seen<IncrementResult> increment;
  Seen<AppendResult> append;
  Seen<TxnResult> txn;
  Seen<GetResult> get;
  Seen<MultiGetResult> multi_get;
  EXPECT_TRUE(pipeline.put("number", "41", {.condition = Condition::kIfAbsent, .prev_kv = true}, put.done()));
  EXPECT_TRUE(pipeline.del("gone", true, Ack::kPublished, del.done()));
  EXPECT_TRUE(pipeline.expire("soon", 3'600'000, Ack::kPublished, expire.done()));
  EXPECT_TRUE(pipeline.increment("number", 2, {}, increment.done()));
  EXPECT_TRUE(pipeline.append("text", "cde", Ack::kApplied, append.done()));
  Txn swap;
  swap.compare = {{.key = "absent", .target = Target::kExists, .comparison = Comparison::kNotEqual}};
  swap.success = {GetOp{.key = "text"}};
  EXPECT_TRUE(pipeline.txn(swap, txn.done()));
  ASSERT_TRUE(pipeline.drain());
  EXPECT_TRUE(pipeline.get("number", {}, get.done()));
  EXPECT_TRUE(
      pipeline.multi_get(std::vector<std::string>{"none", "text"}, {.keys_only = true}, multi_get.done()));
  EXPECT_FALSE(pipeline.close());

  ASSERT_TRUE(put.last && put.last->prev_kv);
  EXPECT_FALSE(put.last->succeeded);
  EXPECT_EQ(put.last->prev_kv->value, "40");
  ASSERT_TRUE(del.last);
  EXPECT_EQ(del.last->deleted, 1U);
  EXPECT_EQ(del.last->prev_kvs.at(0).value, "x");
  ASSERT_TRUE(expire.last);
  EXPECT_TRUE(expire.last->found);
  ASSERT_TRUE(increment.last);
  EXPECT_EQ(increment.last->value, 42);
  EXPECT_GT(increment.last->revision, 4U);
  ASSERT_TRUE(append.last);
  EXPECT_EQ(append.last->length, 5U);
  ASSERT_TRUE(txn.last && txn.last->results.size() == 1);
  ASSERT_TRUE(get.last && get.last->kv);
  EXPECT_EQ(get.last->kv->value, "42");
  ASSERT_TRUE(multi_get.last && multi_get.last->kvs.size() == 2);
  EXPECT_FALSE(multi_get.last->kvs[0]);
  EXPECT_EQ(multi_get.last->kvs[1]->key, "text");
  EXPECT_EQ(multi_get.last->kvs[1]->value, "");
}

TEST_F(PipelineTest, ManyMoreCallsThanTheWindowAreEachAnsweredOnce) {
  constexpr std::size_t kCalls = 5'000;
  Pipeline pipeline(client(), {.calls_per_message = 7, .window = 64});
  Seen<PutResult> puts;
  for (std::size_t i = 0; i < kCalls; ++i)
    ASSERT_TRUE(pipeline.put(key(i), std::to_string(i), {}, puts.done()));
  ASSERT_TRUE(pipeline.drain());
  EXPECT_EQ(puts.ok, kCalls);
  std::size_t right = 0;
  for (std::size_t i = 0; i < kCalls; ++i) {
    ASSERT_TRUE(pipeline.get(key(i), {}, [&right, i](Result<GetResult> got) {
      right += got && got->kv && got->kv->value == std::to_string(i) ? 1 : 0;
    }));
  }
  EXPECT_FALSE(pipeline.close());
  EXPECT_EQ(right, kCalls);
}

TEST_F(PipelineTest, ACallThatFailsSaysWhyAndTheOthersGoOn) {
  Pipeline pipeline(client(), {});
  Seen<GetResult> gets;
  Seen<IncrementResult> increments;
  ASSERT_TRUE(client().put("text", "not a number"));
  EXPECT_TRUE(pipeline.get("", {}, gets.done()));
  EXPECT_TRUE(pipeline.get("text", {}, gets.done()));
  EXPECT_TRUE(pipeline.increment("text", 1, {}, increments.done()));
  EXPECT_FALSE(pipeline.close());
  EXPECT_EQ(gets.ok, 1U);
  ASSERT_TRUE(gets.error);
  EXPECT_EQ(gets.error->code, Errc::kInvalidArgument);
  EXPECT_THAT(gets.error->message, HasSubstr("key"));
  ASSERT_TRUE(increments.error);
  EXPECT_EQ(increments.error->code, Errc::kFailedPrecondition);
  EXPECT_TRUE(increments.error->certainly_not_applied);
}

TEST_F(PipelineTest, WhatIsGatheredIsSentByFlush) {
  Pipeline pipeline(client(), {});
  Seen<PutResult> puts;
  ASSERT_TRUE(pipeline.put("a", "1", {}, puts.done()));
  EXPECT_FALSE(client().get("a")->kv) << "it waits for others";
  ASSERT_TRUE(pipeline.drain());
  EXPECT_EQ(puts.ok, 1U);
  EXPECT_TRUE(client().get("a")->kv);
}

TEST_F(PipelineTest, AServerThatGoesAwayEndsAllCalls) {
  Pipeline pipeline(client(), {.window = 10});
  Seen<PutResult> puts;
  ASSERT_TRUE(pipeline.put("a", "1", {}, puts.done()));
  ASSERT_TRUE(pipeline.drain());
  kvd().send(SIGKILL);
  std::size_t taken = 1;
  while (taken < 1'000'000 && pipeline.put("b", "2", {}, puts.done())) ++taken;
  EXPECT_LT(taken, 1'000'000U);
  const auto broken = pipeline.close();
  ASSERT_TRUE(broken);
  EXPECT_EQ(broken->code, Errc::kUnavailable);
  EXPECT_EQ(puts.ok + puts.failed[Errc::kUnavailable], taken);
  EXPECT_FALSE(pipeline.put("c", "3", {}, puts.done()));
  EXPECT_EQ(pipeline.close()->code, Errc::kUnavailable) << "closing again says the same";
}

TEST_F(PipelineTest, AServerThatStopsAnsweringEndsAllCalls) {
  connect({.timeout = std::chrono::seconds(3)});
  Pipeline pipeline(client(), {});
  Seen<PutResult> puts;
  ASSERT_TRUE(pipeline.put("a", "1", {}, puts.done()));
  ASSERT_TRUE(pipeline.drain());
  kvd().send(SIGSTOP);
  ASSERT_TRUE(pipeline.put("b", "2", {}, puts.done()));
  EXPECT_FALSE(pipeline.drain());
  kvd().send(SIGCONT);
  const auto broken = pipeline.close();
  ASSERT_TRUE(broken);
  EXPECT_EQ(broken->code, Errc::kDeadlineExceeded);
  EXPECT_EQ(puts.failed[Errc::kDeadlineExceeded], 1U);
  EXPECT_FALSE(puts.error->certainly_not_applied);
}

TEST_F(PipelineTest, WithoutCloseTheRestIsCanceled) {
  Seen<GetResult> gets;
  {
    Pipeline pipeline(client(), {});
    ASSERT_TRUE(pipeline.get("a", {}, gets.done()));
  }
  EXPECT_EQ(gets.failed[Errc::kCancelled], 1U);
  EXPECT_TRUE(gets.error->certainly_not_applied) << "it was never sent";
}

}  // namespace
}  // namespace flashkv::client
