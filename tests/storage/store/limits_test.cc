// Each limit of the options holds in a store that open() made of them.
#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>

#include "storage/store.h"
#include "tests/support/calls.h"

namespace flashkv::test {
namespace {

class StoreLimitsTest : public ::testing::Test {
 protected:
  // The options are gone, and their memory says otherwise, before the store is used.
  void open(const StoreLimits& limits, const std::string& engine = "flashmap") {
    auto options = std::make_unique<StoreOptions>();
    options->engine = engine;
    options->limits = limits;
    options->clock = &clock;
    Status why;
    store = Store::open(*options, why);
    options->limits = {};
    ASSERT_NE(store, nullptr) << why.message;
  }
  ~StoreLimitsTest() override {
    if (store) store->stop(0);
  }

  Status submit(Call& call) {
    call.sink = &sink;
    return store->submit(call);
  }
  Status run(Call& call) {
    const Status refused = submit(call);
    if (!refused.ok()) return refused;
    run_writer();
    EXPECT_EQ(call.completions, 1);
    return call.status;
  }

  // What was submitted comes back.
  void run_writer() {
    store->step();
    store->step();
  }

  ManualClock clock;
  CountingSink sink;
  std::unique_ptr<Store> store;
};

TEST_F(StoreLimitsTest, TheQueueTakesItsNumberOfRequests) {
  open({.max_queue_requests = 2});
  std::array<Call, 3> calls;
  for (Call& c : calls) c.put("k", "v");
  EXPECT_TRUE(submit(calls[0]).ok());
  EXPECT_TRUE(submit(calls[1]).ok());
  EXPECT_EQ(submit(calls[2]).message, "queue full: max-queue-requests 2");
  run_writer();
}

TEST_F(StoreLimitsTest, TheQueueTakesItsBytes) {
  open({.max_queue_bytes = 10'000});
  Call small;
  Call large;
  EXPECT_EQ(submit(large.put("k", std::string(10'000, 'v'))).message, "queue full: max-queue-bytes 10000");
  EXPECT_TRUE(submit(small.put("k", std::string(8'000, 'v'))).ok());
  run_writer();
}

TEST_F(StoreLimitsTest, AnAppendEndsAtTheLongestValue) {
  open({.max_value_bytes = 4});
  Call longest;
  Call longer;
  EXPECT_EQ(run(longest.append("k", "1234")).message, "");
  EXPECT_EQ(run(longer.append("k", "5")).message, "value: 4 + 1 bytes exceed max-value-bytes 4");
}

TEST_F(StoreLimitsTest, AnEngineThatFreesNothingEndsAtWhatItMayRetire) {
  constexpr std::uint64_t kMost = 64 << 10;
  open({.max_retired_bytes = kMost}, "cuckoo-leak");
  Status last;
  for (std::size_t n = 0; last.ok() && n < 1'000; ++n) {
    Call c;
    last = run(c.put("k", std::string(1'000, 'v')));
  }
  EXPECT_EQ(last.code, Code::kResourceExhausted) << last.message;
  EXPECT_NE(last.message.find("max-retired"), std::string::npos) << last.message;
  EXPECT_GT(store->stats().engine.leaked_bytes, kMost);
  EXPECT_LT(store->stats().engine.leaked_bytes, 2 * kMost);
}

TEST_F(StoreLimitsTest, TheStoreTellsWhatItWasGiven) {
  open({.max_key_bytes = 1,
        .max_value_bytes = 2,
        .max_queue_requests = 3,
        .max_queue_bytes = 4,
        .max_retired_bytes = 5});
  EXPECT_EQ(store->limits().max_key_bytes, 1U);
  EXPECT_EQ(store->limits().max_value_bytes, 2U);
  EXPECT_EQ(store->limits().max_queue_requests, 3U);
  EXPECT_EQ(store->limits().max_queue_bytes, 4U);
  EXPECT_EQ(store->limits().max_retired_bytes, 5U);
}

}  // namespace
}  // namespace flashkv::test
