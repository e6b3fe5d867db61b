// What can be measured.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tests/bench/engines/options.h"
#include "tests/bench/engines/report.h"
#include "tests/bench/engines/tables.h"

namespace flashkv::bench {

// Purpose: one row a workload, in the order in which they run.
struct Workload {
  std::string_view name;
  std::string_view what;
  void (*run)(const Options& options, Report& report);
};
std::span<const Workload> workloads();
std::vector<std::string> workload_names();

// Each of these measures and prints one workload.
void read_hit(const Options& options, Report& report);
void read_miss(const Options& options, Report& report);
void mixed_2500(const Options& options, Report& report);
void mixed_50(const Options& options, Report& report);
void write_1(const Options& options, Report& report);
void write_64(const Options& options, Report& report);
void write_1024(const Options& options, Report& report);
void churn(const Options& options, Report& report);
void growth(const Options& options, Report& report);
void memory(const Options& options, Report& report);
void radix_widths(const Options& options, Report& report);
void key_sets(const Options& options, Report& report);
void critnib_remedies(const Options& options, Report& report);
void rmw_cost(const Options& options, Report& report);

// What several of them are made of.
struct ReadRace {
  std::string workload;
  std::string variant;
  bool absent = false;
  std::vector<std::string> distributions;
};
void race_reads(const Options& options, Report& report, FilledTables& tables, const ReadRace& race);
void race_churn(const Options& options, Report& report, FilledTables& tables, const std::string& workload);

// A row about a table, without figures.
Row row_of(const FilledTable& table, const std::string& workload, unsigned readers);
Row row_of(const Entrant& entrant, const std::string& workload, unsigned readers);
// "5 rounds of 1 s".
std::string how_long(const Options& options);

}  // namespace flashkv::bench
