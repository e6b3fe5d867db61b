#include "tests/bench/engines/workloads.h"

#include <array>
#include <cstdio>

namespace flashkv::bench {
namespace {

constexpr std::array kWorkloads{
    Workload{"read-hit", "reading keys that are there, against the same structure unsynchronised", &read_hit},
    Workload{"read-miss", "reading keys that are not there", &read_miss},
    Workload{"2500:1", "a write for every 2,500 reads", &mixed_2500},
    Workload{"50:1", "a write for every 50 reads", &mixed_50},
    Workload{"write-1", "the writer at full speed, a publish for every write", &write_1},
    Workload{"write-64", "the same, a publish for every 64 writes", &write_64},
    Workload{"write-1024", "the same, a publish for every 1,024 writes", &write_1024},
    Workload{"churn", "keys come and go beside those that are read", &churn},
    Workload{"growth", "from empty, under a reader", &growth},
    Workload{"memory", "bytes a key", &memory},
    Workload{"radix-widths", "the radix engines with each width of their slices", &radix_widths},
    Workload{"key-sets", "words that share their heads, or their tails, in both orders", &key_sets},
    Workload{"critnib-remedies", "critnib's two ways with removed nodes", &critnib_remedies},
    Workload{"rmw-cost", "what read-modify-writes do to cache misses that overlap", &rmw_cost},
};

}  // namespace

std::span<const Workload> workloads() { return kWorkloads; }

std::vector<std::string> workload_names() {
  std::vector<std::string> names;
  for (const Workload& workload : kWorkloads) names.emplace_back(workload.name);
  return names;
}

Row row_of(const Entrant& entrant, const std::string& workload, unsigned readers) {
  Row row;
  row.workload = workload;
  row.contestant = entrant.contestant.name;
  row.kind = entrant.contestant.baseline ? "baseline" : "engine";
  row.keys = entrant.keys;
  row.readers = readers;
  if (!entrant.why_fewer.empty())
    row.note = std::to_string(entrant.keys) + " keys only: " + entrant.why_fewer;
  return row;
}
Row row_of(const FilledTable& table, const std::string& workload, unsigned readers) {
  return row_of(table.entrant, workload, readers);
}

std::string how_long(const Options& options) {
  char text[96];
  std::snprintf(text, sizeof text, "%u round%s of %g s each; median [quartiles]", options.pairs,
                options.pairs == 1 ? "" : "s", options.seconds);
  return text;
}

}  // namespace flashkv::bench
