// A fixed number of reads for each write: how much writes disturb those who read.
#include <algorithm>
#include <map>

#include "tests/bench/engines/draw.h"
#include "tests/bench/engines/reader_crew.h"
#include "tests/bench/engines/workloads.h"
#include "tests/bench/engines/writer_thread.h"

namespace flashkv::bench {
namespace {

constexpr std::size_t kMostABatch = 1'024;
constexpr double kPause = 50e-6;  // of a writer that owes nothing, seconds

// A table that takes no more is made anew: its figures end where it does.
void renew_if_exhausted(std::unique_ptr<FilledTable>& table) {
  if (!table->writer.exhausted()) return;
  const Entrant entrant = table->entrant;
  table.reset();
  table = std::make_unique<FilledTable>(entrant);
}

struct Outcome {
  ReadResult read;
  std::uint64_t written = 0;
  double writing_seconds = 0;
  WriteTime time;
  bool exhausted = false;
};

// The writer follows the readers: it writes as many as their reads call for, and publishes what it owes at
// once.
Outcome follow(const Options& options, FilledTable& table, const std::vector<Draw>& draws,
               std::uint64_t reads_a_write) {
  ReaderCrew crew([&] { return table.table->make_reader(system_clock()); }, draws, {});
  const std::uint64_t before = table.writer.written();
  std::uint64_t state = 0x1234'5678'9abc'def1;
  Outcome outcome;
  std::atomic<bool> ended{false};
  crew.go();
  WriterThread writer([&] {
    const std::uint64_t due = crew.reads() / reads_a_write;
    const std::uint64_t done = table.writer.written() - before;
    if (due <= done || ended.load()) return sleep_for(kPause);
    const std::size_t count = std::min<std::size_t>(due - done, kMostABatch);
    const WriteTime took = table.writer.put(random_keys(state, table.entrant.keys, count), kMostABatch);
    outcome.time.cpu += took.cpu;
    ended.store(table.writer.exhausted());
  });
  sleep_unless(ended, options.seconds);
  outcome.read = crew.stop();
  outcome.writing_seconds = writer.stop();
  outcome.written = table.writer.written() - before;
  outcome.exhausted = table.writer.exhausted();
  return outcome;
}

// The writer does not look at the readers.
Outcome write_on(const Options& options, FilledTable& table, const std::vector<Draw>& draws,
                 std::size_t publish_every) {
  ReaderCrew crew([&] { return table.table->make_reader(system_clock()); }, draws, {});
  const std::uint64_t before = table.writer.written();
  std::uint64_t state = 0x1234'5678'9abc'def1;
  Outcome outcome;
  std::atomic<bool> ended{false};
  // Many small publishes in one burst, so that making records and reading clocks stay outside.
  const std::size_t burst = options.smoke ? publish_every : kMostABatch;
  crew.go();
  WriterThread writer([&] {
    if (ended.load()) return sleep_for(kPause);
    const WriteTime took = table.writer.put(random_keys(state, table.entrant.keys, burst), publish_every);
    outcome.time.wall += took.wall;
    outcome.time.cpu += took.cpu;
    outcome.time.waited += took.waited;
    ended.store(table.writer.exhausted());
  });
  sleep_unless(ended, options.seconds);
  outcome.read = crew.stop();
  writer.stop();
  outcome.writing_seconds = outcome.time.wall + outcome.time.waited;
  outcome.written = table.writer.written() - before;
  outcome.exhausted = table.writer.exhausted();
  return outcome;
}

void add(Row& row, const Outcome& outcome) {
  const auto written = static_cast<double>(outcome.written);
  row.add("ns_per_read", outcome.read.cpu_ns);
  row.add("million_reads_per_s", outcome.read.per_second / 1e6);
  row.add("thousand_writes_per_s", outcome.writing_seconds > 0 ? written / outcome.writing_seconds / 1e3 : 0);
  row.add("reads_per_write", written > 0 ? static_cast<double>(outcome.read.reads) / written : 0);
  if (written > 0) row.add("writer_ns_per_write", outcome.time.cpu * 1e9 / written);
  if (outcome.exhausted && row.note.find("kept") == std::string::npos)
    row.note += std::string(row.note.empty() ? "" : "; ") + "took " + std::to_string(outcome.written) +
                " writes and then had kept as much as it may";
}

// Reads beside those of the lock that others have to beat, round by round; where it takes part.
void add_ratios(const std::vector<Row*>& rows) {
  const auto lock = std::find_if(rows.begin(), rows.end(),
                                 [](const Row* row) { return row->contestant == "cuckoo-rwlock"; });
  if (lock == rows.end()) return;
  const std::vector<double> beaten = *(*lock)->find("million_reads_per_s");
  for (Row* row : rows) {
    const std::vector<double> reads = *row->find("million_reads_per_s");
    for (std::size_t s = 0; s < reads.size(); ++s) row->add("times_cuckoo_rwlock", reads[s] / beaten[s]);
  }
}

using Measure = Outcome (*)(const Options&, FilledTable&, const std::vector<Draw>&, std::size_t);
struct Mix {
  std::string workload;
  std::size_t parameter;
  Measure measure;
};

void race(const Options& options, Report& report, const Mix& mix, FilledTables& tables,
          const std::string& distribution, unsigned readers) {
  std::map<std::uint64_t, std::vector<Draw>> draws;
  std::vector<Row*> rows;
  for (const auto& table : tables) {
    const std::uint64_t keys = table->entrant.keys;
    if (!draws.contains(keys)) draws[keys] = make_draws(distribution, keys, readers, draw_length(options));
    Row row = row_of(*table, mix.workload, readers);
    row.distribution = distribution;
    rows.push_back(&report.row(row));
  }
  rounds(options, WarmUp::kYes, tables.size(), [&](std::size_t i, bool counts) {
    renew_if_exhausted(tables[i]);
    const Outcome outcome = mix.measure(options, *tables[i], draws[tables[i]->entrant.keys], mix.parameter);
    if (counts) add(*rows[i], outcome);
  });
  add_ratios(rows);
  report.print_new(how_long(options));
}

void race_all(const Options& options, Report& report, const std::vector<std::string>& distributions,
              const Mix& mix) {
  for (const auto& group : groups(chosen_contestants(options), options, options.keys)) {
    FilledTables tables = fill(group);
    for (const std::string& distribution : distributions) {
      for (const unsigned readers : options.readers)
        race(options, report, mix, tables, distribution, readers);
    }
  }
}

}  // namespace

void mixed_2500(const Options& options, Report& report) {
  race_all(options, report, options.distributions, {"2500:1", 2'500, &follow});
}
void mixed_50(const Options& options, Report& report) {
  race_all(options, report, options.distributions, {"50:1", 50, &follow});
}
void write_1(const Options& options, Report& report) {
  race_all(options, report, options.write_distributions, {"write-1", 1, &write_on});
}
void write_64(const Options& options, Report& report) {
  race_all(options, report, options.write_distributions, {"write-64", 64, &write_on});
}
void write_1024(const Options& options, Report& report) {
  race_all(options, report, options.write_distributions, {"write-1024", 1'024, &write_on});
}

}  // namespace flashkv::bench
