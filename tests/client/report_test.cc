#include "client/kvctl/bench/report.h"

#include <gtest/gtest.h>

#include <map>

namespace flashkv::kvctl {
namespace {

TEST(BenchReport, EachFigureIsWhatItsNameSays) {
  LoadResult load;
  // 1,000 samples: 20 of them take 1 ms, two take 5 ms; all within the histogram's 1/64.
  for (int i = 0; i < 978; ++i) load.latency_ns.record(10'000);
  for (int i = 0; i < 20; ++i) load.latency_ns.record(1'000'000);
  for (int i = 0; i < 2; ++i) load.latency_ns.record(5'000'000);
  load.answered = 1000;
  load.hits = 700;
  load.misses = 200;
  load.errors[client::Errc::kResourceExhausted] = 3;
  load.errors[client::Errc::kUnavailable] = 1;
  const auto rows = report_rows(load, 2.0, 4000.0);
  std::map<std::string, double> figures;
  for (const auto& [name, value, text] : rows) figures[name] = std::stod(value);
  EXPECT_EQ(figures["requests"], 1000);
  EXPECT_EQ(figures["errors"], 4);
  EXPECT_EQ(figures["hits"], 700);
  EXPECT_EQ(figures["misses"], 200);
  EXPECT_EQ(figures["seconds"], 2);
  EXPECT_EQ(figures["requests_per_second"], 500);
  EXPECT_NEAR(figures["latency_p50_us"], 10, 10 / 64.0);
  EXPECT_NEAR(figures["latency_p99_us"], 1000, 1000 / 64.0);
  EXPECT_NEAR(figures["latency_p999_us"], 5000, 5000 / 64.0);
  EXPECT_EQ(figures["latency_max_us"], 5000);
  EXPECT_EQ(figures["server_cpu_us_per_request"], 4);
  EXPECT_EQ(figures["errors_code_8"], 3);
  EXPECT_EQ(figures["errors_code_14"], 1);
}

TEST(BenchReport, ThreadsAreCountedTogetherAndTheFirstErrorIsKept) {
  LoadResult all;
  for (const char* text : {"first", "second"}) {
    LoadResult one;
    one.latency_ns.record(10);
    one.answered = 2;
    one.hits = 3;
    one.misses = 4;
    one.errors[client::Errc::kUnavailable] = 5;
    one.first_code = client::Errc::kUnavailable;
    one.first_error = text;
    all.merge(one);
  }
  EXPECT_EQ(all.latency_ns.count(), 2U);
  EXPECT_EQ(all.answered, 4U);
  EXPECT_EQ(all.hits, 6U);
  EXPECT_EQ(all.misses, 8U);
  EXPECT_EQ(all.errors[client::Errc::kUnavailable], 10U);
  EXPECT_EQ(all.first_error, "first");
}

}  // namespace
}  // namespace flashkv::kvctl
