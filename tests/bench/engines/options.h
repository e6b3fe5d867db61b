// What engine_bench was asked to measure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace flashkv::bench {

// Purpose: the command line, checked and completed: every list is full, every name is known.
struct Options {
  std::vector<std::string> contestants;    // as contestant_names() has them
  std::vector<std::string> workloads;      // as workload_names() has them
  std::vector<std::string> distributions;  // of the keys read: "uniform", "zipf"
  // The same for write-*, which have the writer for their subject: "uniform" unless asked for another.
  std::vector<std::string> write_distributions;
  std::vector<unsigned> readers;
  std::uint64_t keys = 1'000'000;
  double seconds = 1;     // of each measurement
  unsigned pairs = 5;     // rounds, in each of which every contestant has its turn
  double memory_gib = 0;  // what tables and records may take, all together
  std::string json;       // file, "" = none
  bool smoke = false;

  std::uint64_t memory_bytes() const { return static_cast<std::uint64_t>(memory_gib * 1024 * 1024 * 1024); }
};

// False: the program ends with `exit_code`; what was wrong, or the help, has been printed.
bool parse_options(int argc, const char* const* argv, Options& options, int& exit_code);

}  // namespace flashkv::bench
