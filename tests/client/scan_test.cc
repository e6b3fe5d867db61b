// Scans, counts and deletions of ranges through the library, against kvd itself.
#include "client/flashkv/scan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "client/flashkv/writer.h"
#include "flashkv/v1/admin.pb.h"
#include "tests/server/kvd.h"

namespace flashkv::client {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// Of 100,000 bytes each: more than the buffers on the way hold, the largest window of gRPC included.
constexpr std::size_t kMany = 700;

class ScanTest : public testing::Test {
 protected:
  void serve(std::vector<std::string> flags = {},
             std::chrono::milliseconds timeout = std::chrono::seconds(60)) {
    flags.insert(flags.end(), {"--listen", "127.0.0.1:0"});
    kvd_ = std::make_unique<Kvd>(flags);
    auto opened =
        Client::open({.endpoint = after(kvd_->line_with("serving listen="), "listen="), .timeout = timeout});
    ASSERT_TRUE(opened) << opened.error().message;
    client_ = std::make_unique<Client>(std::move(*opened));
  }
  Client& client() { return *client_; }
  Kvd& kvd() { return *kvd_; }

  void put(std::initializer_list<const char*> keys) {
    for (const char* key : keys) ASSERT_TRUE(client().put(key, std::string("value of ") + key));
  }
  // Keys 000000, 000001, ... with this value.
  void load(std::size_t keys, const std::string& value) {
    Writer writer(client(), {});
    for (std::size_t i = 0; i < keys; ++i) ASSERT_TRUE(writer.put(key(i), value));
    ASSERT_FALSE(writer.close());
  }
  static std::string key(std::size_t i) {
    const std::string digits = std::to_string(i);
    return std::string(6 - digits.size(), '0') + digits;
  }
  std::vector<std::string> keys(const KeyRange& range, const ScanOptions& options = {}) {
    Scanner scan(client(), range, options);
    std::vector<std::string> all;
    while (const KeyValue* kv = scan.next()) all.push_back(kv->key);
    EXPECT_FALSE(scan.error()) << scan.error()->message;
    return all;
  }
  // Until the server holds no pin; a minute at most.
  void expect_no_pins() {
    for (int i = 0; i < 6'000 && (*client().stats())->pins() != 0; ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    EXPECT_EQ((*client().stats())->pins(), 0U);
  }

 private:
  std::unique_ptr<Kvd> kvd_;
  std::unique_ptr<Client> client_;
};

TEST_F(ScanTest, SelectorsAndOptionsReachTheServer) {
  serve();
  put({"a", "b1", "b2", "b3", "c"});
  EXPECT_THAT(keys({}), ElementsAre("a", "b1", "b2", "b3", "c"));
  EXPECT_THAT(keys({.prefix = "b"}), ElementsAre("b1", "b2", "b3"));
  EXPECT_THAT(keys({.prefix = "b"}, {.reverse = true}), ElementsAre("b3", "b2", "b1"));
  EXPECT_THAT(keys({.start = "b2", .end = "c"}), ElementsAre("b2", "b3"));
  EXPECT_THAT(keys({.start = "b3"}, {.page_size = 1}), ElementsAre("b3", "c"));
  Scanner some(client(), {.prefix = "b"}, {.limit = 2, .keys_only = true, .at_least_revision = 5});
  const KeyValue* first = some.next();
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(first->key, "b1");
  EXPECT_EQ(first->value, "");
  EXPECT_EQ(first->mod_revision, 2U);
  EXPECT_NE(some.next(), nullptr);
  EXPECT_EQ(some.next(), nullptr);
  EXPECT_TRUE(some.more());
  EXPECT_EQ(some.count(), 2U);
  EXPECT_EQ(some.revision(), 5U);
  Scanner none(client(), {.prefix = "x"}, {});
  EXPECT_EQ(none.next(), nullptr);
  EXPECT_FALSE(none.more() || none.error());
  EXPECT_EQ(client().count({.prefix = "b"})->count, 3U);
  EXPECT_EQ(client().count()->revision, 5U);
  EXPECT_EQ(client().count({}, 6).error().code, Errc::kOutOfRange);
  Scanner wrong(client(), {.prefix = "a", .start = "b"}, {});
  EXPECT_EQ(wrong.next(), nullptr);
  ASSERT_TRUE(wrong.error());
  EXPECT_EQ(wrong.error()->code, Errc::kInvalidArgument);
}

TEST_F(ScanTest, ARangeIsDeletedWholeOrInParts) {
  serve();
  put({"a", "b1", "b2", "b3", "c"});
  auto part = client().delete_prefix("b", {.limit = 2, .prev_kv = true});
  ASSERT_TRUE(part) << part.error().message;
  EXPECT_EQ(part->deleted, 2U);
  EXPECT_TRUE(part->more);
  EXPECT_EQ(part->revision, 6U);
  ASSERT_EQ(part->prev_kvs.size(), 2U);
  EXPECT_EQ(part->prev_kvs[1].value, "value of b2");
  auto rest = client().delete_range("b", "");
  ASSERT_TRUE(rest);
  EXPECT_EQ(rest->deleted, 2U);
  EXPECT_FALSE(rest->more);
  EXPECT_THAT(keys({}), ElementsAre("a"));
  EXPECT_EQ(client().delete_prefix("").error().code, Errc::kInvalidArgument);
  load(10'001, "v");
  EXPECT_EQ(client().delete_prefix("0").error().code, Errc::kResourceExhausted);
  Txn txn;
  txn.success = {DeleteOp{.key = {}, .range = {.prefix = "00000"}, .limit = 3},
                 PutOp{.key = "z", .value = "1"}};
  auto done = client().txn(txn);
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(std::get<DeleteResult>(done->results[0]).deleted, 3U);
  EXPECT_TRUE(std::get<DeleteResult>(done->results[0]).more);
}

TEST_F(ScanTest, AScanGoesOnFromBehindAnyKey) {
  serve();
  put({"a", "b", "b1", "b\xff", "c"});
  EXPECT_THAT(keys(rest_of({}, "b1")), ElementsAre("b\xff", "c"));
  EXPECT_THAT(keys(rest_of({.prefix = "b"}, "b")), ElementsAre("b1", "b\xff"));
  EXPECT_THAT(keys(rest_of({.prefix = "b"}, "b\xff", true), {.reverse = true}), ElementsAre("b1", "b"));
  EXPECT_THAT(keys(rest_of({.start = "b", .end = "c"}, "b1")), ElementsAre("b\xff"));
}

TEST_F(ScanTest, EveryScanShowsOneRevisionWhileWritesGoOn) {
  serve();
  constexpr std::size_t kKeys = 2'000;
  load(kKeys, "0");
  std::atomic<bool> stop{false};
  // One request writes a round to all keys.
  std::thread writer([&] {
    for (int round = 1; !stop; ++round) {
      Writer each(client(), {.ops_per_request = kKeys});
      for (std::size_t i = 0; i < kKeys; ++i) each.put(key(i), std::to_string(round));
      EXPECT_FALSE(each.close());
    }
  });
  std::uint64_t last = 0;
  for (int i = 0; i < 30; ++i) {
    Scanner scan(client(), {}, {.reverse = i % 2 == 1, .page_size = 100});
    std::string value;
    while (const KeyValue* kv = scan.next()) {
      if (value.empty()) value = kv->value;
      ASSERT_EQ(kv->value, value) << "in a scan of revision " << scan.revision();
    }
    EXPECT_FALSE(scan.error());
    EXPECT_EQ(scan.count(), kKeys);
    EXPECT_GE(scan.revision(), last);
    last = scan.revision();
  }
  stop = true;
  writer.join();
  expect_no_pins();
}

TEST_F(ScanTest, AClientThatDoesNotReadLosesItsScanAndNobodyElseWaits) {
  serve({"--scan-timeout=200ms", "--max-pins=1"});
  load(kMany, std::string(100'000, 'v'));
  Scanner idle(client(), {}, {});
  ASSERT_NE(idle.next(), nullptr);
  EXPECT_EQ(client().count().error().code, Errc::kResourceExhausted) << "the only pin is held";
  ASSERT_TRUE(client().put("other", "1"));
  EXPECT_EQ(client().get("other")->kv->value, "1");
  expect_no_pins();
  EXPECT_EQ(client().count()->count, kMany + 1);
  while (idle.next() != nullptr) {
  }
  ASSERT_TRUE(idle.error());
  EXPECT_EQ(idle.error()->code, Errc::kDeadlineExceeded) << idle.error()->message;
  EXPECT_THAT(idle.error()->message, HasSubstr("scan-timeout"));
  EXPECT_LT(idle.count(), kMany);
}

TEST_F(ScanTest, AScanWhosePinIsRevokedFailsAndSaysSo) {
  serve({"--max-pinned-bytes=1MiB"});
  load(kMany, std::string(100'000, 'v'));
  Scanner idle(client(), {}, {});
  ASSERT_NE(idle.next(), nullptr);
  load(kMany, std::string(100'000, 'w'));
  expect_no_pins();
  while (const KeyValue* kv = idle.next()) ASSERT_EQ(kv->value[0], 'v');
  ASSERT_TRUE(idle.error());
  EXPECT_EQ(idle.error()->code, Errc::kResourceExhausted) << idle.error()->message;
  EXPECT_THAT(idle.error()->message, HasSubstr("max-pinned-bytes"));
  EXPECT_EQ((*client().stats())->pins_revoked(), 1U);
}

TEST_F(ScanTest, AScanThatIsGivenUpReturnsItsPin) {
  serve();
  load(kMany, std::string(100'000, 'v'));
  {
    Scanner scan(client(), {}, {});
    ASSERT_NE(scan.next(), nullptr);
    EXPECT_EQ((*client().stats())->pins(), 1U);
  }
  expect_no_pins();
}

TEST_F(ScanTest, AServerThatStopsEndsAnUnreadScanAndDoesNotWaitForIt) {
  serve({"--drain-timeout=60s"});
  load(kMany, std::string(100'000, 'v'));
  Scanner idle(client(), {}, {});
  ASSERT_NE(idle.next(), nullptr);
  kvd().send(SIGTERM);
  EXPECT_THAT(kvd().line_with("stopped"), HasSubstr("clean=true"));
  EXPECT_EQ(kvd().wait(), 0);
  while (idle.next() != nullptr) {
  }
  ASSERT_TRUE(idle.error());
  EXPECT_EQ(idle.error()->code, Errc::kUnavailable) << idle.error()->message;
  Scanner nobody(client(), {}, {});
  EXPECT_EQ(nobody.next(), nullptr);
  ASSERT_TRUE(nobody.error());
}

TEST_F(ScanTest, WithoutTheIndexItIsRefused) {
  serve({"--ordered-index=off"});
  EXPECT_EQ(client().count().error().code, Errc::kFailedPrecondition);
  EXPECT_EQ(client().delete_prefix("a").error().code, Errc::kFailedPrecondition);
  EXPECT_FALSE((*client().stats())->ordered_index());
}

}  // namespace
}  // namespace flashkv::client
