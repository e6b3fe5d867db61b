// What a store with a data folder has after a restart.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "storage/store.h"
#include "tests/support/calls.h"
#include "tests/support/temporary_folder.h"

namespace flashkv::test {
namespace {

class DurabilityTest : public ::testing::TestWithParam<std::string> {
 protected:
  void open(unsigned load_threads = 1) {
    StoreOptions options;
    options.engine = GetParam();
    options.clock = &clock;
    options.data_dir = folder.path("data");
    options.load_threads = load_threads;
    options.limits.watch_history_bytes = 1 << 20;
    options.on_load = [this](std::uint64_t records, std::uint64_t expected) {
      progress.emplace_back(records, expected);
    };
    Status why;
    store = Store::open(options, why);
    ASSERT_NE(store, nullptr) << why.message;
    store->start();
  }
  void reopen(unsigned load_threads = 1) {
    store.reset();
    open(load_threads);
  }
  Call& run(Call& call, Ack ack = Ack::kPublished) {
    call.sink = &sink;
    call.ack = ack;
    const std::size_t before = sink.count();
    EXPECT_TRUE(store->submit(call).ok());
    sink.wait_for(before + 1);
    EXPECT_TRUE(call.status.ok()) << call.status.message;
    return call;
  }
  // value, create, mod, version, expiry; empty = no such key.
  std::string read(const std::string& key) {
    std::string value;
    Lookup found;
    found.value = &value;
    store->make_reader()->get(key, found);
    if (!found.found) return "";
    return value + " " + std::to_string(found.create_revision) + " " + std::to_string(found.mod_revision) +
           " " + std::to_string(found.version) + " " + std::to_string(found.expires_at_ms);
  }

  TemporaryFolder folder;
  ManualClock clock;
  CountingSink sink;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> progress;
  std::unique_ptr<Store> store;
};
std::string test_name(const ::testing::TestParamInfo<std::string>& engine) {
  std::string name = engine.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}
INSTANTIATE_TEST_SUITE_P(Engines, DurabilityTest, ::testing::ValuesIn(engine_names()), test_name);

TEST_P(DurabilityTest, ARestartKeepsEverythingButTheHistory) {
  open();
  Call put, change, expiring, gone, erase;
  run(put.put("kept", "value").put("changed", "old"));
  run(change.put("changed", "new"));
  run(expiring.put_ttl("expiring", "soon", 60'000));
  run(gone.put("gone", "x"));
  run(erase.erase("gone"), Ack::kDurable);
  const std::uint64_t id = store->store_id();
  const std::map<std::string, std::string> before{
      {"kept", read("kept")}, {"changed", read("changed")}, {"expiring", read("expiring")}};
  EXPECT_EQ(before.at("changed"), "new 1 2 2 0");
  reopen();
  EXPECT_EQ(store->store_id(), id);
  EXPECT_EQ(store->published_revision(), 5U);
  EXPECT_EQ(store->assigned_revision(), 5U);
  for (const auto& [key, value] : before) EXPECT_EQ(read(key), value);
  EXPECT_EQ(read("gone"), "");
  EXPECT_EQ(store->stats().engine.keys, 3U);
  EXPECT_EQ(store->history().compact_revision(), 6U);
  ASSERT_FALSE(progress.empty());
  EXPECT_EQ(progress.back().first, 3U);
  Call next;
  EXPECT_EQ(run(next.put("next", "1")).revision, 6U);
}

TEST_P(DurabilityTest, WhatExpiresMeanwhileIsRemovedWithARevision) {
  open();
  Call call;
  run(call.put_ttl("expiring", "soon", 60'000).put("kept", "1"));
  store.reset();
  clock.advance(120'000 * kMs);
  open();
  for (int i = 0; i < 2'000 && store->published_revision() == 1; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  EXPECT_EQ(store->published_revision(), 2U);
  EXPECT_EQ(read("expiring"), "");
  reopen();
  EXPECT_EQ(store->published_revision(), 2U);
  EXPECT_EQ(store->stats().engine.keys, 1U);
}

TEST_P(DurabilityTest, ManyKeysComeBackWithSeveralThreads) {
  open();
  constexpr std::size_t kKeys = 20'000;
  for (std::size_t n = 0; n < kKeys;) {
    Call call;
    for (const std::size_t end = n + 1'000; n < end; ++n) call.put(numbered("key", n), numbered("value", n));
    run(call);
  }
  for (const unsigned threads : {1U, 3U}) {
    reopen(threads);
    EXPECT_EQ(store->stats().engine.keys, kKeys);
    for (std::size_t n = 0; n < kKeys; n += 997) {
      const std::string revision = std::to_string(n / 1'000 + 1);
      EXPECT_EQ(read(numbered("key", n)), numbered("value", n) + " " + revision + " " + revision + " 1 0");
    }
  }
}

TEST_P(DurabilityTest, StatsShowTheJournal) {
  open();
  Call call;
  run(call.put("a", "1"), Ack::kDurable);
  const JournalStats j = store->stats().journal;
  EXPECT_TRUE(j.on);
  EXPECT_FALSE(j.failing);
  EXPECT_EQ(j.counts.written_revision, 1U);
  EXPECT_EQ(j.counts.synced_revision, 1U);
  EXPECT_EQ(j.counts.batches, 1U);
  EXPECT_EQ(j.counts.syncs, 1U);
  EXPECT_GT(j.counts.longest_sync_ns, -1);
  EXPECT_GT(j.disk_bytes, 0U);
  EXPECT_EQ(j.waiting_bytes_limit, store->limits().max_journal_bytes);
}

}  // namespace
}  // namespace flashkv::test
