#include "client/kvctl/bench/report.h"

#include <cstdio>

namespace flashkv::kvctl {
namespace {

std::string fixed(double value, int digits) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", digits, value);
  return text;
}

std::string us(std::uint64_t ns) { return fixed(static_cast<double>(ns) / 1000.0, 1); }

}  // namespace

std::vector<Field> report_rows(const LoadResult& load, double seconds, double server_cpu_us) {
  std::uint64_t errors = 0;
  for (const auto& [code, count] : load.errors) errors += count;
  const double answered = static_cast<double>(load.answered);
  std::vector<Field> rows{
      {"requests", std::to_string(load.answered)},
      {"errors", std::to_string(errors)},
      {"hits", std::to_string(load.hits)},
      {"misses", std::to_string(load.misses)},
      {"seconds", fixed(seconds, 2)},
      {"requests_per_second", fixed(answered / seconds, 0)},
      {"latency_p50_us", us(load.latency_ns.percentile(0.5))},
      {"latency_p99_us", us(load.latency_ns.percentile(0.99))},
      {"latency_p999_us", us(load.latency_ns.percentile(0.999))},
      {"latency_max_us", us(load.latency_ns.max())},
      {"server_cpu_us_per_request", fixed(load.answered > 0 ? server_cpu_us / answered : 0, 2)}};
  for (const auto& [code, count] : load.errors)
    rows.push_back({"errors_code_" + std::to_string(static_cast<int>(code)), std::to_string(count)});
  return rows;
}

}  // namespace flashkv::kvctl
