// The lines of kvctl top, for terminals of several sizes.
#include "client/kvctl/top/layout.h"

#include <gtest/gtest.h>

#include "client/kvctl/top/json.h"

namespace flashkv::kvctl {
namespace {

using Look = TopLine::Look;

constexpr std::uint64_t kMiB = 1 << 20, kGiB = 1 << 30;

struct Server {
  v1::StatsResponse stats;
  Rates rates;

  Server() {
    stats.set_version("0.1.0");
    stats.set_engine("flashmap");
    stats.set_guard("asymmetric");
    stats.set_uptime_ms(3'600'500);
    stats.set_keys(1'234'567);
    stats.set_published_revision(98'765'000);
    stats.set_assigned_revision(98'765'004);
    stats.set_record_bytes(123 * kMiB);
    stats.set_index_bytes(45 * kMiB);
    stats.set_rss_bytes(2 * kGiB);
    stats.set_memory_used_bytes(kGiB);
    stats.set_memory_limit_bytes(4 * kGiB);
    stats.set_memory_limit_source("flag");
    stats.set_eviction("noeviction");
    stats.set_queue_requests(12);
    stats.set_queue_requests_limit(65'536);
    stats.set_queue_bytes_limit(256 * kMiB);
    stats.mutable_publish_lag_ns()->set_count(1);
    stats.mutable_publish_lag_ns()->set_p50(12'000);
    rates.seconds = 1;
    rates.requests = 123'456.7;
    rates.errors = 0.2;
    rates.mutations = 999'999'999;
    rates.cpu = 1.5;
    for (const char* name : {"Get", "MultiGet", "Put", "Delete", "Expire", "Increment", "Append", "Txn",
                             "Scan", "Write", "Pipeline", "Watch", "Stats"})
      rates.methods.push_back({.name = name,
                               .total = 12'345'678'901,
                               .calls = 4'567'890,
                               .errors = 0,
                               .latency = LatencyBounds{.p50 = 64, .p99 = 1'024, .max = 2'000'000}});
  }
  // Figures wider than their columns.
  void grow() {
    rates.methods[1].name = "ServerReflectionInfo";
    rates.methods[1].calls = 98'765'432'101;
    rates.methods[2].errors = 123'456'789;
    rates.methods[2].total = ~std::uint64_t{0};
    stats.set_keys(~std::uint64_t{0});
    stats.set_published_revision(~std::uint64_t{0});
  }
  TopView view() const { return {.endpoint = "127.0.0.1:7400", .stats = stats, .rates = rates}; }
};

std::string joined(const std::vector<TopLine>& lines) {
  std::string text;
  for (const TopLine& line : lines) text += line.text + '\n';
  return text;
}

bool has(const std::vector<TopLine>& lines, const std::string& text) {
  return joined(lines).find(text) != std::string::npos;
}

TEST(TopLayout, FillsATerminalOf80By24WithEveryPart) {
  const Server server;
  EXPECT_EQ(joined(top_lines(server.view(), 80, 24)),
            R"(kvctl top  127.0.0.1:7400  up 1h  kvd 0.1.0  flashmap asymmetric
requests   123,457/s        errors 0.2/s     slow -           CPU 150%
mutations  999,999,999/s    rejected -       expired -        evicted -
keys       1,234,567        revision 98765000                 unpublished 4
memory     1.00 GiB of 4.00 GiB              rss 2.00 GiB     refused 0
queue      12 of 65,536     0 B of 256 MiB
publishes  -                put off -        batch - ops
store      records 123 MiB  index 45.0 MiB   retired 0 B      order off
watches    0                lag 0            pins 0 of 0      pinned 0 B

since the start            p50       p99     p99.9       max
applied to published   12.0 us      0 ns      0 ns      0 ns
wait for readers             -         -         -         -
operations a batch           -         -         -         -

method         calls/s      p50      p99      max errors/s           calls
Get          4,567,890  64.0 us  1.02 ms   2.00 s        0  12,345,678,901
MultiGet     4,567,890  64.0 us  1.02 ms   2.00 s        0  12,345,678,901
Put          4,567,890  64.0 us  1.02 ms   2.00 s        0  12,345,678,901
Delete       4,567,890  64.0 us  1.02 ms   2.00 s        0  12,345,678,901
Expire       4,567,890  64.0 us  1.02 ms   2.00 s        0  12,345,678,901
Increment    4,567,890  64.0 us  1.02 ms   2.00 s        0  12,345,678,901
Append       4,567,890  64.0 us  1.02 ms   2.00 s        0  12,345,678,901
Txn          4,567,890  64.0 us  1.02 ms   2.00 s        0  12,345,678,901
)");
}

TEST(TopLayout, LeavesTheMostImportantIn40By10) {
  const Server server;
  EXPECT_EQ(joined(top_lines(server.view(), 40, 10)),
            R"(kvctl top  127.0.0.1:7400  up 1h  kvd 0.
requests   123,457/s        errors 0.2/s
mutations  999,999,999/s    rejected -
keys       1,234,567
memory     1.00 GiB of 4.00 GiB
queue      12 of 65,536
method         calls/s      p50      p99
Get          4,567,890  64.0 us  1.02 ms
MultiGet     4,567,890  64.0 us  1.02 ms
Put          4,567,890  64.0 us  1.02 ms
)");
}

TEST(TopLayout, ShowsEverythingIn200By60) {
  const Server server;
  const auto lines = top_lines(server.view(), 200, 60);
  for (const char* text :
       {"eviction noeviction", "request threads 0", "to be reused 0 B", "history 0 B", "\nStats "})
    EXPECT_TRUE(has(lines, text)) << text << " is not in\n" << joined(lines);
  EXPECT_EQ(joined(lines), joined(top_lines(server.view(), 0, 0))) << "no limit shows no more";
}

TEST(TopLayout, FitsEverySize) {
  Server server;
  server.grow();
  for (const bool trouble : {false, true})
    for (std::size_t width = 1; width <= 130; ++width)
      for (std::size_t height = 1; height <= 40; ++height) {
        TopView view = server.view();
        if (trouble) view.trouble = "lost the connection to 127.0.0.1:7400; connecting again";
        const auto lines = top_lines(view, width, height);
        ASSERT_FALSE(lines.empty());
        ASSERT_LE(lines.size(), height) << width;
        for (const TopLine& line : lines) ASSERT_LE(line.text.size(), width) << height << ": " << line.text;
        // A heading without its lines tells nothing.
        ASSERT_NE(lines.back().look, Look::kHeading) << width << 'x' << height;
        ASSERT_FALSE(lines.back().text.empty() && height > 2) << width << 'x' << height;
      }
}

TEST(TopLayout, NoFigureIsCutInTwo) {
  Server server;
  server.grow();
  const std::string whole = joined(top_lines(server.view(), 0, 0));
  for (std::size_t width = 30; width < 110; ++width)
    for (const TopLine& line : top_lines(server.view(), width, 0)) {
      if (line.look == Look::kTitle || line.text.empty()) continue;
      const auto at = whole.find(line.text);
      ASSERT_NE(at, std::string::npos) << line.text;
      const char next = whole[at + line.text.size()];
      EXPECT_TRUE(next == ' ' || next == '\n') << width << ": " << line.text;
    }
}

TEST(TopLayout, FiguresWiderThanTheirColumnsStayApart) {
  Server server;
  server.grow();
  const auto lines = top_lines(server.view(), 0, 0);
  EXPECT_TRUE(has(lines, "\nServerReflectionInfo 98,765,432,101  64.0 us ")) << joined(lines);
  EXPECT_TRUE(has(lines, " 2.00 s 123,456,789 18,446,744,073,709,551,615\n")) << joined(lines);
  EXPECT_TRUE(has(lines, "\nkeys       18,446,744,073,709,551,615        revision 184467")) << joined(lines);
}

TEST(TopLayout, TroubleIsTheSecondLine) {
  const Server server;
  TopView view = server.view();
  view.trouble = "no answer\n\x1b[2J";
  const auto lines = top_lines(view, 80, 24);
  EXPECT_EQ(lines.at(1).text, "no answer??[2J") << "nothing that a terminal acts on";
  EXPECT_EQ(lines.at(1).look, Look::kTrouble);
  EXPECT_EQ(lines.size(), 24U);
}

TEST(TopLayout, AnEmptyAnswerShowsDashes) {
  const v1::StatsResponse stats;
  const Rates rates = rates_between(nullptr, {.stats = stats, .taken = {}});
  const TopView view{.endpoint = "e", .stats = stats, .rates = rates};
  const auto lines = top_lines(view, 80, 24);
  for (const char* text :
       {"requests   -", "CPU -", "mutations  -", "memory     -", "refused -", "batch - ops"})
    EXPECT_TRUE(has(lines, text)) << text << " is not in\n" << joined(lines);
  EXPECT_FALSE(has(lines, "method")) << joined(lines);
  const std::string json = top_json(view);
  EXPECT_NE(json.find("\"requests_per_second\":null"), std::string::npos) << json;
  EXPECT_NE(json.find("\"memory_used_bytes\":null"), std::string::npos) << json;
  EXPECT_NE(json.find("\"methods\":[]"), std::string::npos) << json;
}

TEST(TopLayout, JsonHoldsNumbers) {
  const Server server;
  const std::string json = top_json(server.view());
  for (const char* text :
       {R"("seconds":1.0)", R"("requests_per_second":123456.7)", R"("processors":1.5)", R"("keys":1234567)",
        R"("publish_lag_ns_p50":12000)", R"("writer_wait_ns_p50":null)", R"("memory_limit_bytes":4294967296)",
        R"({"method":"Get","calls_per_second":4567890.0,"errors_per_second":0.0,"calls":12345678901)",
        R"("p50_us":64,"p99_us":1024,"max_us":2000000})"})
    EXPECT_NE(json.find(text), std::string::npos) << text << " is not in\n" << json;
  EXPECT_EQ(json.find('\n'), std::string::npos);
}

}  // namespace
}  // namespace flashkv::kvctl
