// What a benchmark's latency is measured from.
#include "client/kvctl/bench/load.h"

#include <gtest/gtest.h>

#include "tests/client/scripted_server.h"

namespace flashkv::kvctl {
namespace {

constexpr std::uint64_t kRequests = 10;
constexpr std::uint64_t kDelayMs = 30;

// One call at a time, each answered after kDelayMs at the earliest.
LoadResult run_one_by_one(double rate) {
  const client::ScriptedServer server({.get_delay = std::chrono::milliseconds(kDelayMs)});
  std::vector<client::Client> clients;
  clients.push_back(std::move(*client::Client::open({.endpoint = server.endpoint()})));
  BenchSettings settings;
  settings.streams = 1;
  Load load(clients, settings, nullptr, 1, rate);
  std::atomic<std::int64_t> budget = kRequests;
  return load.run(Load::Clock::time_point::max(), budget);
}

// All are due within 10 ms, so the last waits for the nine before it.
TEST(Load, AtAFixedRateLatencyCountsFromWhenARequestWasDue) {
  const LoadResult result = run_one_by_one(1'000);
  ASSERT_EQ(result.answered, kRequests);
  EXPECT_GE(result.latency_ns.max(), (kRequests * kDelayMs - kRequests) * 1'000'000);
  EXPECT_GE(result.latency_ns.percentile(0.5), kRequests * kDelayMs / 3 * 1'000'000) << "the middle one's";
}

TEST(Load, InAClosedLoopLatencyCountsFromTheSending) {
  const auto began = Load::Clock::now();
  const LoadResult result = run_one_by_one(0);
  const auto took = std::chrono::nanoseconds(Load::Clock::now() - began);
  ASSERT_EQ(result.answered, kRequests);
  EXPECT_GE(result.latency_ns.max(), kDelayMs * 1'000'000);
  // The others took kDelayMs each, and none counts in its latency.
  const std::uint64_t others = (kRequests - 1) * kDelayMs * 1'000'000;
  EXPECT_LE(result.latency_ns.max(), (static_cast<std::uint64_t>(took.count()) - others) * 65 / 64);
}

}  // namespace
}  // namespace flashkv::kvctl
