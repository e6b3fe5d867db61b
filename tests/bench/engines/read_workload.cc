// Reading alone: hits and misses, each engine beside the same structure unsynchronised.
#include <map>

#include "tests/bench/engines/draw.h"
#include "tests/bench/engines/reader_crew.h"
#include "tests/bench/engines/workloads.h"

namespace flashkv::bench {
namespace {

struct Racer {
  FilledTable* table;
  bool floor;
  Row* row;
};

// One table as two racers: through its guards and without.
std::vector<Racer> line_up(Report& report, FilledTables& tables, const ReadRace& race,
                           const std::string& distribution, unsigned readers) {
  std::vector<Racer> racers;
  for (const auto& table : tables) {
    Row row = row_of(*table, race.workload, readers);
    row.distribution = distribution;
    row.variant = race.variant;
    racers.push_back({table.get(), false, &report.row(row)});
    if (!table->floor.known()) continue;
    row.kind = "floor";
    row.note.clear();
    racers.push_back({table.get(), true, &report.row(row)});
  }
  return racers;
}

ReadResult measure(const Racer& racer, double seconds, const std::vector<Draw>& draws, bool absent) {
  const auto make = [&racer] {
    return racer.floor ? racer.table->floor.make_reader() : racer.table->table->make_reader(system_clock());
  };
  return read_for(seconds, make, draws, {.absent = absent});
}

// Round by round, so that what disturbs a whole round disturbs no ratio.
void add_ratios(const std::vector<Racer>& racers) {
  for (std::size_t i = 1; i < racers.size(); ++i) {
    if (!racers[i].floor) continue;
    const auto& floor = *racers[i].row->find("ns_per_read");
    const auto& engine = *racers[i - 1].row->find("ns_per_read");
    for (std::size_t s = 0; s < floor.size(); ++s) {
      racers[i - 1].row->add("times_floor", engine[s] / floor[s]);
    }
  }
}

void read_only(const Options& options, Report& report, const ReadRace& race) {
  for (const auto& group : groups(chosen_contestants(options), options, options.keys)) {
    FilledTables tables = fill(group);
    race_reads(options, report, tables, race);
  }
}

}  // namespace

void race_reads(const Options& options, Report& report, FilledTables& tables, const ReadRace& race) {
  for (const std::string& distribution : race.distributions) {
    for (const unsigned readers : options.readers) {
      std::map<std::uint64_t, std::vector<Draw>> draws;
      for (const auto& table : tables) {
        const std::uint64_t keys = table->entrant.keys;
        if (!draws.contains(keys))
          draws[keys] = make_draws(distribution, keys, readers, draw_length(options));
      }
      const std::vector<Racer> racers = line_up(report, tables, race, distribution, readers);
      rounds(options, WarmUp::kYes, racers.size(), [&](std::size_t i, bool counts) {
        const Racer& racer = racers[i];
        const ReadResult result =
            measure(racer, options.seconds, draws[racer.table->entrant.keys], race.absent);
        if (!counts) return;
        racer.row->add("ns_per_read", result.cpu_ns);
        racer.row->add("million_reads_per_s", result.per_second / 1e6);
      });
      add_ratios(racers);
      report.print_new(how_long(options));
    }
  }
}

void read_hit(const Options& options, Report& report) {
  read_only(options, report, {"read-hit", "", false, options.distributions});
}
void read_miss(const Options& options, Report& report) {
  read_only(options, report, {"read-miss", "", true, {"uniform"}});
}

}  // namespace flashkv::bench
