// The watcher against kvd itself.
#include "client/flashkv/watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "tests/server/kvd.h"

namespace flashkv::client {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr int kTries = 200;  // of 100 ms: only so that a hang fails

std::string address_of(Kvd& kvd) { return after(kvd.line_with("serving listen="), "listen="); }

class WatcherTest : public testing::Test {
 protected:
  void open(std::vector<std::string> flags = {}) {
    flags.insert(flags.end(), {"--listen", "127.0.0.1:0"});
    kvd_ = std::make_unique<Kvd>(std::move(flags));
    endpoint_ = address_of(*kvd_);
    auto opened = Client::open({.endpoint = endpoint_});
    ASSERT_TRUE(opened) << opened.error().message;
    client_ = std::make_unique<Client>(std::move(*opened));
  }
  void restart() {
    kvd_.reset();
    kvd_ = std::make_unique<Kvd>(std::vector<std::string>{"--listen", endpoint_});
    address_of(*kvd_);
  }
  void kill() { kvd_.reset(); }
  Client& client() { return *client_; }

  // The next `n` events in words, or the error.
  std::vector<std::string> take(Watcher& watcher, std::size_t n) {
    std::vector<std::string> words;
    for (int i = 0; i < kTries && words.size() < n; ++i) {
      auto got = watcher.next(milliseconds(100));
      if (!got) {
        words.push_back(std::to_string(static_cast<int>(got.error().code)) + " " + got.error().message);
        break;
      }
      for (const Event& e : got->events) {
        static constexpr const char* kTypes[] = {"?", "PUT ", "DELETE ", "EXPIRE "};
        words.push_back(kTypes[static_cast<int>(e.type)]);
        words.back().append(e.kv.key).append("=").append(e.kv.value);
        if (e.prev_kv) words.back().append(" (").append(e.prev_kv->value).append(")");
        words.back().append(" @").append(std::to_string(e.kv.mod_revision));
      }
    }
    return words;
  }
  static void until_connected(Watcher& watcher) {
    for (int i = 0; i < kTries && !watcher.connected(); ++i) ASSERT_TRUE(watcher.next(milliseconds(100)));
    ASSERT_TRUE(watcher.connected());
  }

 private:
  std::unique_ptr<Kvd> kvd_;
  std::string endpoint_;
  std::unique_ptr<Client> client_;
};

TEST_F(WatcherTest, HandsOutTheChangesOfItsKeys) {
  open();
  ASSERT_TRUE(client().put("a/1", "old"));
  Watcher prefix(client(), {.prefix = "a/", .prev_kv = true});
  Watcher key(client(), {.key = "a/2", .leave_out = {EventType::kDelete}});
  Watcher range(client(), {.start = "a/2", .end = "b"});
  for (Watcher* each : {&prefix, &key, &range}) until_connected(*each);
  ASSERT_TRUE(client().put("a/1", "new"));
  ASSERT_TRUE(client().put("a/2", "x"));
  ASSERT_TRUE(client().del("a/2"));
  ASSERT_TRUE(client().put("b", "no"));
  ASSERT_TRUE(client().put("a/2", "y", {.ttl_ms = 1}));
  EXPECT_THAT(take(prefix, 5), ElementsAre("PUT a/1=new (old) @2", "PUT a/2=x @3", "DELETE a/2= (x) @4",
                                           "PUT a/2=y @6", "EXPIRE a/2= (y) @7"));
  EXPECT_THAT(take(key, 3), ElementsAre("PUT a/2=x @3", "PUT a/2=y @6", "EXPIRE a/2= @7"));
  EXPECT_THAT(take(range, 4),
              ElementsAre("PUT a/2=x @3", "DELETE a/2= @4", "PUT a/2=y @6", "EXPIRE a/2= @7"));
}

TEST_F(WatcherTest, WaitsNoLongerThanItIsTold) {
  open();
  ASSERT_TRUE(client().put("a", "1"));
  Watcher watcher(client(), {});
  until_connected(watcher);
  auto got = watcher.next(milliseconds(1));
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_TRUE(got->events.empty());
  EXPECT_EQ(got->revision, 1U) << "nothing up to here is still to come";
}

TEST_F(WatcherTest, BeginsInThePastAndInTheFuture) {
  open();
  for (const char* value : {"1", "2", "3"}) ASSERT_TRUE(client().put("a", value));
  Watcher past(client(), {.from = 2});
  Watcher future(client(), {.from = 5});
  EXPECT_THAT(take(past, 2), ElementsAre("PUT a=2 @2", "PUT a=3 @3"));
  until_connected(future);
  ASSERT_TRUE(client().put("a", "4"));
  ASSERT_TRUE(client().put("a", "5"));
  EXPECT_THAT(take(future, 1), ElementsAre("PUT a=5 @5"));
}

TEST_F(WatcherTest, ALargeTransactionComesWhole) {
  open();
  Watcher watcher(client(), {});
  until_connected(watcher);
  Txn txn;
  for (char c = 'a'; c < 'f'; ++c)
    txn.success.push_back(PutOp{std::string(1, c), std::string(1 << 20, c), {}});
  ASSERT_TRUE(client().txn(txn));
  std::string keys;
  bool more = true;
  for (int i = 0; i < kTries && more; ++i) {
    auto got = watcher.next(milliseconds(100));
    ASSERT_TRUE(got) << got.error().message;
    for (const Event& e : got->events) keys += e.kv.key;
    if (!got->events.empty()) more = got->more;
    EXPECT_EQ(got->revision, more ? 0U : 1U);
  }
  EXPECT_EQ(keys, "abcde");
}

TEST_F(WatcherTest, WhatIsGoneIsSaidWithWhereToGoOn) {
  open({"--watch-history", "1"});
  for (const char* value : {"1", "2", "3"}) ASSERT_TRUE(client().put("a", value));
  Watcher watcher(client(), {.from = 1});
  EXPECT_THAT(take(watcher, 1), ElementsAre(HasSubstr("11 start_revision")));
  ASSERT_GT(watcher.compact_revision(), 1U);
  EXPECT_THAT(take(watcher, 1), ElementsAre(HasSubstr("11 start_revision"))) << "an error is final";
  Watcher again(client(), {.from = watcher.compact_revision()});
  EXPECT_THAT(take(again, 1), ElementsAre(HasSubstr("PUT a=")));
}

TEST_F(WatcherTest, RefusalsAreErrors) {
  open();
  Watcher two(client(), {.key = "a", .prefix = "b"});
  EXPECT_THAT(take(two, 1), ElementsAre(HasSubstr("3 key, prefix, start and end: two selectors")));
  open({"--watch-history", "0"});
  Watcher off(client(), {});
  EXPECT_THAT(take(off, 1), ElementsAre(HasSubstr("9 --watch-history is 0")));
  open({"--max-watches", "1"});
  Watcher first(client(), {});
  until_connected(first);
  Watcher second(client(), {});
  EXPECT_THAT(take(second, 1), ElementsAre(HasSubstr("8 too many watches: --max-watches 1")));
}

TEST_F(WatcherTest, AServerThatLostItsDataIsNoOrdinaryReconnect) {
  open();
  Watcher watcher(client(), {});
  until_connected(watcher);
  ASSERT_TRUE(client().put("a", "1"));
  EXPECT_THAT(take(watcher, 1), ElementsAre("PUT a=1 @1"));
  restart();
  EXPECT_THAT(take(watcher, 1), ElementsAre(HasSubstr("15 the server has started anew")));
}

TEST_F(WatcherTest, AFirstConnectionThatFailsIsAnError) {
  open();
  kill();
  Watcher watcher(client(), {});
  EXPECT_THAT(take(watcher, 1), ElementsAre(HasSubstr("14 ")));
}

TEST_F(WatcherTest, CancelEndsAWaitOfAnotherThread) {
  open();
  Watcher watcher(client(), {});
  until_connected(watcher);
  std::thread other([&watcher] { watcher.cancel(); });
  auto got = watcher.next(seconds(20));
  other.join();
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, Errc::kCancelled);
}

}  // namespace
}  // namespace flashkv::client
