#include "tests/bench/engines/options.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <sstream>
#include <stdexcept>

#include "tests/bench/engines/contestant.h"
#include "tests/bench/engines/machine.h"
#include "tests/bench/engines/workloads.h"

namespace flashkv::bench {
namespace {

using Names = std::vector<std::string>;

std::string joined(const Names& names) {
  std::string all;
  for (const std::string& name : names) all += (all.empty() ? "" : ", ") + name;
  return all;
}

Names split(const std::string& text) {
  Names parts;
  std::stringstream stream(text);
  for (std::string part; std::getline(stream, part, ',');) parts.push_back(part);
  return parts;
}

// "all", or some of `known`, which the message lists if it is something else.
Names chosen(const char* flag, const std::string& text, const Names& known) {
  if (text == "all") return known;
  const Names parts = split(text);
  const bool good = !parts.empty() && std::all_of(parts.begin(), parts.end(), [&](const std::string& part) {
    return std::find(known.begin(), known.end(), part) != known.end();
  });
  if (!good) throw std::invalid_argument(std::string(flag) + ": allowed: all, " + joined(known));
  return parts;
}

std::vector<unsigned> reader_counts(const std::string& text) {
  const unsigned most = processors();
  std::vector<unsigned> counts;
  for (const std::string& part : split(text)) {
    unsigned count = part == "all" ? most : 0;
    if (count == 0 && !part.empty() && part.find_first_not_of("0123456789") == std::string::npos)
      count = static_cast<unsigned>(std::min(std::stoul(part.substr(0, 9)), 9'999UL));
    if (count == 0 || count > 1024)
      throw std::invalid_argument("--readers: allowed: numbers from 1 to 1024 and all, separated by commas");
    // Every count once, none that the machine has not: "1,2,4,all" serves machines of any size.
    count = std::min(count, most);
    if (std::find(counts.begin(), counts.end(), count) == counts.end()) counts.push_back(count);
  }
  if (counts.empty()) throw std::invalid_argument("--readers: allowed: numbers from 1 to 1024 and all");
  return counts;
}

// A few seconds for everything: that it runs, not how fast.
void make_small(Options& options) {
  options.keys = 3'000;
  options.seconds = 0.01;
  options.pairs = 1;
  options.memory_gib = 0.25;  // wide slices are stopped early
}

struct Texts {
  std::string engine = "all", workload = "all", readers = "1,2,4,all", distribution;
};

void add_flags(CLI::App& app, Options& options, Texts& texts) {
  app.add_option("--engine", texts.engine, "all, or names separated by commas: engines and baselines");
  app.add_option("--workload", texts.workload,
                 "all, or names separated by commas: " + joined(workload_names()));
  app.add_option("--keys", options.keys, "keys of a table, where they fit (default 1000000)");
  app.add_option("--readers", texts.readers, "reading threads, e.g. 1,2,4,all (the default)");
  app.add_option("--distribution", texts.distribution,
                 "uniform, zipf or all: which keys are read (default all; for write-*, uniform)");
  app.add_option("--seconds", options.seconds, "of each measurement (default 1)");
  app.add_option("--pairs", options.pairs, "rounds: each contestant once in each (default 5)");
  app.add_option("--memory", options.memory_gib, "GiB that tables may take (default: half of the machine's)");
  app.add_option("--json", options.json, "write all figures to this file too");
  app.add_flag("--smoke", options.smoke, "a few seconds for everything: that it runs, not how fast");
}

void complete(Options& options, const Texts& texts) {
  options.contestants = chosen("--engine", texts.engine, contestant_names());
  options.workloads = chosen("--workload", texts.workload, workload_names());
  const auto distributions = [&](const char* unless_chosen) {
    const std::string& text = texts.distribution.empty() ? unless_chosen : texts.distribution;
    return chosen("--distribution", text, {"uniform", "zipf"});
  };
  options.distributions = distributions("all");
  options.write_distributions = distributions("uniform");
  options.readers = reader_counts(options.smoke ? "1" : texts.readers);
  if (options.memory_gib == 0) options.memory_gib = memory_gib() / 2;
  if (options.smoke) make_small(options);
  if (options.keys < 1'024 || options.keys > 1'000'000'000)
    throw std::invalid_argument("--keys: allowed: 1024 to 1000000000");
  if (!(options.seconds > 0 && options.seconds <= 3'600))
    throw std::invalid_argument("--seconds: allowed: above 0, at most 3600");
  if (options.pairs < 1 || options.pairs > 1'000) throw std::invalid_argument("--pairs: allowed: 1 to 1000");
  if (!(options.memory_gib >= 0.25 && options.memory_gib <= 65'536))
    throw std::invalid_argument("--memory: allowed: 0.25 to 65536");
}

}  // namespace

bool parse_options(int argc, const char* const* argv, Options& options, int& exit_code) {
  CLI::App app{"Compares flashkv's engines with each other and with maps that others wrote."};
  Texts texts;
  add_flags(app, options, texts);
  try {
    app.parse(argc, argv);
    complete(options, texts);
    return true;
  } catch (const CLI::CallForHelp& help) {
    exit_code = app.exit(help);
  } catch (const std::exception& wrong) {
    std::fprintf(stderr, "engine_bench: %s\n", wrong.what());
    exit_code = 2;
  }
  return false;
}

}  // namespace flashkv::bench
