// What matters to engines that walk by words: how wide a slice is, what the words have in common, what
// becomes of removed nodes.
#include <array>
#include <string>

#include "tests/bench/engines/workloads.h"

namespace flashkv::bench {
namespace {

constexpr std::array kWidths{4U, 8U, 11U, 13U, 16U};

bool starts_with_any_of(const std::string& name, const std::vector<std::string>& some) {
  for (const std::string& one : some) {
    if (name.starts_with(one)) return true;
  }
  return false;
}

std::vector<Contestant> chosen_of(const Options& options, const std::vector<std::string>& families) {
  std::vector<Contestant> some;
  for (Contestant& contestant : chosen_contestants(options)) {
    if (starts_with_any_of(contestant.engine, families)) some.push_back(std::move(contestant));
  }
  return some;
}

// Lookups of tables in turn, and what a table took to make.
void read_and_weigh(const Options& options, Report& report, const std::vector<Contestant>& contestants,
                    const std::string& workload, const std::string& variant) {
  Options one_reader = options;
  one_reader.readers = {1};
  for (const auto& group : groups(contestants, options, options.keys)) {
    FilledTables tables = fill(group);
    race_reads(one_reader, report, tables, {workload, variant + "hit", false, {"uniform"}});
    race_reads(one_reader, report, tables, {workload, variant + "miss", true, {"uniform"}});
    for (const auto& table : tables) {
      Row& row = report.row(row_of(*table, workload, 0));
      row.variant = variant + "size";
      const EngineStats stats = table->table->stats();
      row.add("index_bytes_per_key",
              static_cast<double>(stats.index_bytes) / static_cast<double>(table->entrant.keys));
      row.add("writer_ns_per_insert", table->fill_cpu_ns);
    }
    report.print_new("batches of 1024 inserts");
  }
}

// Hashes cut down to 32 bits, the others being 0: on which side they are is where the words differ.
struct KeySet {
  const char* name;
  std::uint64_t mask;
};
constexpr std::array kKeySets{
    KeySet{"random", ~std::uint64_t{0}},
    KeySet{"shared-head", 0x0000'0000'ffff'ffff},
    KeySet{"shared-tail", 0xffff'ffff'0000'0000},
};

}  // namespace

void radix_widths(const Options& options, Report& report) {
  std::vector<Contestant> all;
  for (const Contestant& family : chosen_of(options, {"radix"})) {
    for (const unsigned width : kWidths) {
      Contestant one = family;
      one.options.slice_bits = width;
      one.name.append("/").append(std::to_string(width));
      if (takes(one)) all.push_back(std::move(one));
    }
  }
  read_and_weigh(options, report, all, "radix-widths", "");
}

void key_sets(const Options& options, Report& report) {
  for (const KeySet& set : kKeySets) {
    std::vector<Contestant> all;
    for (const Contestant& family : chosen_of(options, {"radix", "critnib"})) {
      Contestant one = family;
      one.options.hash = KeyHash{0x9e37'79b9'7f4a'7c15, set.mask};
      all.push_back(one);
      one.options.word_order = WordOrder::kReversed;
      one.name += "/reversed";
      if (takes(one)) all.push_back(std::move(one));
    }
    read_and_weigh(options, report, all, "key-sets", std::string(set.name).append(" "));
  }
}

void critnib_remedies(const Options& options, Report& report) {
  for (const auto& group : groups(chosen_of(options, {"critnib"}), options, options.keys)) {
    FilledTables tables = fill(group);
    race_reads(options, report, tables, {"critnib-remedies", "hit", false, {"uniform"}});
    race_reads(options, report, tables, {"critnib-remedies", "miss", true, {"uniform"}});
    race_churn(options, report, tables, "critnib-remedies");
  }
}

}  // namespace flashkv::bench
