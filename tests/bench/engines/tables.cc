#include "tests/bench/engines/tables.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <utility>

#include "tests/bench/interleaved.h"

namespace flashkv::bench {
namespace {

// The trial table ends where either is reached.
constexpr std::uint64_t kTrialKeys = 16'384;
constexpr double kTrialBytes = 64.0 * 1024 * 1024;
// Tables that double are on average a third below their peak; records carry the allocator's rounding.
constexpr double kMargin = 1.4;

double bytes_of(const AnyEngine& table) {
  const EngineStats stats = table.stats();
  return static_cast<double>(stats.index_bytes + stats.record_bytes + stats.retired_bytes);
}

double bytes_per_key(const Contestant& contestant) {
  const std::unique_ptr<AnyEngine> table = make_contestant(contestant);
  TableWriter writer(*table);
  const double empty = bytes_of(*table);
  std::uint64_t keys = 0;
  constexpr std::uint64_t kStep = 64;
  // What an empty table takes is not the keys'; leaking engines leave a table behind with every step.
  while (keys < kTrialKeys && bytes_of(*table) - empty < kTrialBytes) {
    const std::uint64_t step = keys < 1'024 ? kStep : 1'024;
    writer.fill(keys, keys + step);
    keys += step;
  }
  const EngineStats stats = table->stats();
  const double bytes = bytes_of(*table) - static_cast<double>(stats.leaked_bytes);
  return std::max(bytes - empty, 1.0) / static_cast<double>(keys) * kMargin;
}

constexpr const char* kNoRoom = "more do not fit into the memory that tables may take";

// Two digits are enough to remember.
std::uint64_t rounded_down(double keys) {
  double unit = 1;
  while (keys / unit >= 100) unit *= 10;
  return static_cast<std::uint64_t>(std::floor(keys / unit) * unit);
}

}  // namespace

Entrant size_up(const Contestant& contestant, const Options& options, std::uint64_t keys) {
  const double each = bytes_per_key(contestant);
  // Critnib's floor is a second table.
  const double tables = contestant.engine == "critnib" ? 2 : 1;
  Entrant entrant{contestant, keys, 0, static_cast<double>(options.memory_bytes()) / tables, ""};
  if (copies_at_publish(contestant.engine) && keys > kMostCopiedKeys) {
    entrant.keys = kMostCopiedKeys;
    entrant.why_fewer = "each publish copies the table";
  }
  const double fit = static_cast<double>(options.memory_bytes()) / (each * tables);
  if (static_cast<double>(entrant.keys) > fit) {
    entrant.keys = std::max<std::uint64_t>(rounded_down(fit), 1);
    entrant.why_fewer = kNoRoom;
  }
  entrant.bytes = each * tables * static_cast<double>(entrant.keys);
  return entrant;
}

std::vector<std::vector<Entrant>> groups(const std::vector<Contestant>& contestants, const Options& options,
                                         std::uint64_t keys) {
  std::vector<std::vector<Entrant>> all;
  double taken = 0;
  for (const Contestant& contestant : contestants) {
    Entrant entrant = size_up(contestant, options, keys);
    if (all.empty() || taken + entrant.bytes > static_cast<double>(options.memory_bytes())) {
      all.emplace_back();
      taken = 0;
    }
    taken += entrant.bytes;
    all.back().push_back(std::move(entrant));
  }
  return all;
}

std::vector<Contestant> chosen_contestants(const Options& options) {
  std::vector<Contestant> chosen;
  for (const std::string& name : options.contestants) chosen.push_back(contestant(name));
  return chosen;
}

FilledTable::FilledTable(Entrant filled_with)
    : entrant(std::move(filled_with)),
      table(make_contestant(entrant.contestant)),
      floor(entrant.contestant, *table),
      writer(*table) {
  const double began = thread_cpu_seconds();
  std::uint64_t filled = 0;
  while (filled < entrant.keys && bytes_of(*table) < entrant.most_bytes) {
    const std::uint64_t next = std::min<std::uint64_t>(filled + 1'024, entrant.keys);
    writer.fill(filled, next);
    filled = next;
  }
  if (filled < entrant.keys) entrant.why_fewer = kNoRoom;
  entrant.keys = filled;
  fill_cpu_ns = (thread_cpu_seconds() - began) * 1e9 / static_cast<double>(entrant.keys);
  writer.drop_reservations();
  if (AnyEngine* own = floor.own_table(); own != nullptr) {
    TableWriter other(*own);
    other.fill(0, entrant.keys);
    other.drop_reservations();
  }
}

FilledTables fill(const std::vector<Entrant>& group) {
  FilledTables tables;
  for (const Entrant& entrant : group) {
    std::fprintf(stderr, "filling %s with %llu keys\n", entrant.contestant.name.c_str(),
                 static_cast<unsigned long long>(entrant.keys));
    tables.push_back(std::make_unique<FilledTable>(entrant));
  }
  return tables;
}

std::size_t draw_length(const Options& options) { return std::size_t{1} << (options.smoke ? 12 : 20); }

void rounds(const Options& options, WarmUp warm_up, std::size_t racers,
            const std::function<void(std::size_t racer, bool counts)>& run) {
  if (warm_up == WarmUp::kYes && !options.smoke) {
    for (std::size_t i = 0; i < racers; ++i) run(i, false);
  }
  for (unsigned round = 0; round < options.pairs; ++round) {
    for (std::size_t i = 0; i < racers; ++i) run(round % 2 == 0 ? i : racers - 1 - i, true);
  }
}

}  // namespace flashkv::bench
