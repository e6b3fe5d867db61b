// Rates and latencies of kvctl top, from two snapshots.
#include "client/kvctl/top/rates.h"

#include <gtest/gtest.h>

namespace flashkv::kvctl {
namespace {

using std::chrono::milliseconds;

// A server that has been up for so long, seen then.
Snapshot snapshot(std::uint64_t uptime_ms) {
  Snapshot s;
  s.stats.mutable_header()->set_store_id(7);
  s.stats.set_uptime_ms(uptime_ms);
  s.taken = std::chrono::steady_clock::time_point(milliseconds(uptime_ms));
  return s;
}

void add_calls(Snapshot& s, const std::string& method, int code, std::uint64_t count) {
  v1::MethodCount& m = *s.stats.add_requests();
  m.set_method(method);
  m.set_code(code);
  m.set_count(count);
}

v1::MethodLatency& add_latency(Snapshot& s, const std::string& method, std::vector<std::uint64_t> buckets,
                               std::uint64_t max_us) {
  v1::MethodLatency& l = *s.stats.add_latencies();
  l.set_method(method);
  for (const std::uint64_t n : buckets) l.add_buckets(n);
  l.set_max_us(max_us);
  return l;
}

TEST(TopRates, AreDifferencesPerSecondOfTheServersTime) {
  Snapshot before = snapshot(10'000), now = snapshot(12'000);
  now.taken += milliseconds(700);  // a slow answer
  before.stats.set_applied_ops(100);
  now.stats.set_applied_ops(350);
  before.stats.set_publishes(10);
  now.stats.set_publishes(14);
  now.stats.set_rejected_requests(2);
  now.stats.set_deferrals(4);
  now.stats.set_expired_keys(6);
  now.stats.set_cpu_user_us(2'000'000);
  now.stats.set_cpu_system_us(1'000'000);
  before.stats.mutable_batch_ops()->set_count(10);
  now.stats.mutable_batch_ops()->set_count(60);
  const Rates r = rates_between(&before, now);
  EXPECT_EQ(r.seconds, 2);
  EXPECT_EQ(r.mutations, 125);
  EXPECT_EQ(r.publishes, 2);
  EXPECT_EQ(r.rejected, 1);
  EXPECT_EQ(r.deferrals, 2);
  EXPECT_EQ(r.expired, 3);
  EXPECT_EQ(r.cpu, 1.5);
  EXPECT_EQ(r.batch_ops, 5);
}

TEST(TopRates, WhatTheServerDoesNotSayIsUnknown) {
  Snapshot before = snapshot(1'000), now = snapshot(2'000);
  add_calls(now, "Get", 0, 10);
  Rates r = rates_between(&before, now);
  EXPECT_FALSE(r.evicted);
  EXPECT_FALSE(r.slow);
  EXPECT_FALSE(r.batch_ops) << "no batch, no average";
  ASSERT_EQ(r.methods.size(), 1U);
  EXPECT_FALSE(r.methods[0].latency);
  now.stats.set_eviction("noeviction");
  add_latency(now, "Put", {0, 0}, 0);
  r = rates_between(&before, now);
  EXPECT_EQ(r.evicted, 0);
  EXPECT_EQ(r.slow, 0);
  EXPECT_FALSE(r.methods[0].latency) << "of Put only";
}

TEST(TopRates, OfOneSnapshotOnlyTotalsAreKnown) {
  Snapshot now = snapshot(2'000);
  add_calls(now, "Get", 0, 10);
  add_latency(now, "Get", {10, 0}, 1);
  const Rates r = rates_between(nullptr, now);
  EXPECT_FALSE(r.seconds);
  EXPECT_FALSE(r.requests);
  EXPECT_FALSE(r.mutations);
  ASSERT_EQ(r.methods.size(), 1U);
  EXPECT_EQ(r.methods[0].total, 10U);
  EXPECT_FALSE(r.methods[0].calls);
  EXPECT_FALSE(r.methods[0].latency);
}

TEST(TopRates, AServerThatHasStartedAnewHasNoRates) {
  Snapshot before = snapshot(10'000);
  before.stats.set_applied_ops(1'000);
  add_calls(before, "Get", 0, 10);
  Snapshot other_store = snapshot(20'000);
  other_store.stats.mutable_header()->set_store_id(8);
  Snapshot shorter = snapshot(500);
  shorter.taken = before.taken + milliseconds(1'000);
  // Down and up again for longer than before: the same store, a longer time, and yet another process.
  Snapshot longer = snapshot(11'000);
  longer.taken = before.taken + milliseconds(12'000);
  Snapshot same = before;
  for (Snapshot* now : {&other_store, &shorter, &longer, &same}) {
    now->stats.set_applied_ops(5'000'000);
    add_calls(*now, "Get", 0, 7);
    const Rates r = rates_between(&before, *now);
    EXPECT_FALSE(r.seconds) << now->stats.uptime_ms();
    EXPECT_FALSE(r.mutations) << now->stats.uptime_ms();
    EXPECT_FALSE(r.requests) << now->stats.uptime_ms();
    EXPECT_FALSE(r.methods.at(0).calls) << now->stats.uptime_ms();
  }
}

TEST(TopRates, MethodsAreSortedByTheirRateAndThenTheirTotal) {
  Snapshot before = snapshot(1'000), now = snapshot(2'000);
  add_calls(before, "Get", 0, 1'000);
  add_calls(now, "Get", 0, 1'010);
  add_calls(now, "Put", 0, 20);
  add_calls(now, "Put", 8, 10);
  add_calls(before, "Scan", 0, 5);
  add_calls(now, "Scan", 0, 5);
  add_calls(before, "Txn", 0, 50);
  add_calls(now, "Txn", 0, 50);
  add_calls(now, "Watch", 0, 0);
  const Rates r = rates_between(&before, now);
  std::vector<std::string> names;
  for (const MethodRates& m : r.methods) names.push_back(m.name);
  EXPECT_EQ(names, (std::vector<std::string>{"Put", "Get", "Txn", "Scan"}));
  EXPECT_EQ(r.methods.at(0).calls, 30) << "failed ones, too";
  EXPECT_EQ(r.methods.at(0).errors, 10);
  EXPECT_EQ(r.methods.at(1).calls, 10);
  EXPECT_EQ(r.requests, 40);
  EXPECT_EQ(r.errors, 10);
}

TEST(TopRates, CallsOfAPipelineHaveTheRatesOfTheirMethodsAndCountOnce) {
  Snapshot before = snapshot(1'000), now = snapshot(2'000);
  add_calls(before, "Pipeline", 0, 100);
  add_calls(now, "Pipeline", 0, 500);
  add_calls(before, "Get", 0, 10);
  add_calls(now, "Get", 0, 20);
  add_latency(before, "Get", {110, 0}, 1).set_count(110);
  add_latency(now, "Get", {320, 0}, 1).set_count(320);
  add_latency(now, "Put", {200, 0}, 1).set_count(200);
  const Rates r = rates_between(&before, now);
  ASSERT_EQ(r.methods.size(), 3U);
  EXPECT_EQ(r.methods[0].name, "Pipeline");
  EXPECT_EQ(r.methods[1].name, "Get");
  EXPECT_EQ(r.methods[1].calls, 210);
  EXPECT_EQ(r.methods[2].name, "Put");
  EXPECT_EQ(r.methods[2].calls, 200);
  EXPECT_TRUE(r.methods[2].latency);
  EXPECT_EQ(r.requests, 410);
}

TEST(TopRates, LatenciesAreOfTheCallsInTheInterval) {
  Snapshot before = snapshot(1'000), now = snapshot(2'000);
  add_calls(now, "Get", 0, 1);
  // Calls of up to 1, 2, 4, 8, 16 us, and longer. There had been slow ones before.
  add_latency(before, "Get", {0, 10, 0, 0, 0, 500}, 9'000);
  add_latency(now, "Get", {0, 10, 98, 1, 1, 500}, 9'000);
  const auto l = rates_between(&before, now).methods.at(0).latency;
  ASSERT_TRUE(l);
  EXPECT_EQ(l->p50, 4U);
  EXPECT_EQ(l->p99, 8U);
  EXPECT_EQ(l->max, 16U);
}

TEST(TopRates, WithoutCallsInTheIntervalThereIsNoLatency) {
  Snapshot before = snapshot(1'000), now = snapshot(2'000);
  add_calls(before, "Get", 0, 10);
  add_calls(now, "Get", 0, 10);
  add_latency(before, "Get", {0, 10, 0}, 2);
  add_latency(now, "Get", {0, 10, 0}, 2);
  EXPECT_FALSE(rates_between(&before, now).methods.at(0).latency);
}

TEST(TopRates, TheLongestCallBoundsEveryLatency) {
  Snapshot before = snapshot(1'000), now = snapshot(2'000);
  add_calls(now, "Get", 0, 1);
  add_latency(now, "Get", {0, 0, 0, 3, 1}, 7'000);  // the last bucket has no bound of its own
  auto l = rates_between(&before, now).methods.at(0).latency;
  ASSERT_TRUE(l);
  EXPECT_EQ(l->p50, 8U);
  EXPECT_EQ(l->max, 7'000U);
  now.stats.mutable_latencies(0)->set_buckets(4, 0);
  now.stats.mutable_latencies(0)->set_max_us(5);
  l = rates_between(&before, now).methods.at(0).latency;
  EXPECT_EQ(l->p99, 5U) << "none took 8";
  now.stats.mutable_latencies(0)->clear_buckets();
  EXPECT_FALSE(rates_between(&before, now).methods.at(0).latency);
}

}  // namespace
}  // namespace flashkv::kvctl
