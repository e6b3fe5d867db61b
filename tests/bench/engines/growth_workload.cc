// From empty to full under a reader: how long a batch takes at worst, and what the reader notices. And how
// much memory it has taken in the end.
#include <algorithm>
#include <vector>

#include "tests/bench/engines/draw.h"
#include "tests/bench/engines/machine.h"
#include "tests/bench/engines/reader_crew.h"
#include "tests/bench/engines/workloads.h"
#include "tests/bench/engines/writer_thread.h"

namespace flashkv::bench {
namespace {

constexpr std::size_t kBatch = 1'024;
// Against a lock that readers hold all the time a writer may never get to the end.
constexpr double kPatience = 120;  // seconds

struct Growth {
  std::vector<double> batch_us;  // processor time of the writer's thread
  ReadResult growing, quiet;
  double seconds = 0;
  std::uint64_t reached = 0;
};

Growth grow(const Options& options, const Entrant& entrant, const std::vector<Draw>& draws) {
  const std::unique_ptr<AnyEngine> table = make_contestant(entrant.contestant);
  TableWriter writer(*table);
  Growth growth;
  std::atomic<std::uint64_t> readable{std::min<std::uint64_t>(kBatch, entrant.keys)};
  writer.fill(0, readable);
  const auto make_reader = [&] { return table->make_reader(system_clock()); };
  ReaderCrew crew(make_reader, draws, {.timed = true, .limit = &readable});
  crew.go();
  while (crew.reads() == 0) std::this_thread::yield();
  std::thread([&] {
    pin_to_first();
    const double began = wall_seconds();
    std::vector<Key> batch;
    std::uint64_t n = readable;
    while (n < entrant.keys && !writer.exhausted() && wall_seconds() - began < kPatience) {
      batch.clear();
      for (; batch.size() < kBatch && n < entrant.keys; ++n) batch.emplace_back(n);
      growth.batch_us.push_back(writer.put(batch, kBatch).cpu * 1e6);
      if (!writer.exhausted()) readable.store(n, std::memory_order_release);
    }
    growth.seconds = wall_seconds() - began;
  }).join();
  growth.reached = readable;
  growth.growing = crew.stop();
  writer.drop_reservations();
  growth.quiet = read_for(options.seconds, make_reader, draws, {.timed = true, .limit = &readable});
  return growth;
}

void add_tails(Row& row, const ReadResult& growing, const ReadResult& quiet) {
  const auto p999 = [](const ReadResult& read) {
    return static_cast<double>(read.latency.percentile(0.999));
  };
  row.add("read_p999_growing_ns", p999(growing));
  row.add("read_p999_quiet_ns", p999(quiet));
  row.add("times_quiet", p999(growing) / std::max(p999(quiet), 1.0));
}

void add(Row& row, const Growth& growth) {
  row.add("batch_p50_us", quantile(growth.batch_us, 0.5));
  row.add("batch_p999_us", quantile(growth.batch_us, 0.999));
  row.add("batch_max_us", quantile(growth.batch_us, 1));
  row.add("million_inserts_per_s", static_cast<double>(growth.reached) / growth.seconds / 1e6);
  add_tails(row, growth.growing, growth.quiet);
  if (growth.reached < row.keys) row.note = "ended at " + std::to_string(growth.reached) + " keys";
}

// Knows every key without a table: what is left are the clock, the copy, and the machine's own stalls.
class NoTable final : public ReadHandle {
 public:
  std::uint64_t get(std::string_view key, Lookup& out) override {
    out.found = true;
    out.value->assign(key);
    return 0;
  }
  std::uint64_t multi_get(std::span<const std::string_view>, std::span<Lookup>, std::uint64_t,
                          bool&) override {
    return 0;
  }
  std::uint64_t published_revision() const noexcept override { return 0; }
};

// As grow(), with a thread on the writer's processor that writes nothing.
void measure_machine(const Options& options, Row& row, const std::vector<Draw>& draws) {
  const auto make_reader = [] { return std::make_unique<NoTable>(); };
  const auto read = [&] { return read_for(options.seconds, make_reader, draws, {.timed = true}); };
  WriterThread busy([] {});
  const ReadResult beside = read();
  busy.stop();
  add_tails(row, beside, read());
}

Row machine_row() {
  Row row;
  row.workload = "growth";
  row.contestant = "machine";
  row.kind = "loop";
  row.distribution = "uniform";
  row.readers = 1;
  row.note =
      "no table: what a clock read before and after nothing shows, beside a thread that spins, and alone";
  return row;
}

}  // namespace

void growth(const Options& options, Report& report) {
  std::vector<Entrant> entrants;
  std::vector<Row*> rows;
  for (const Contestant& contestant : chosen_contestants(options)) {
    entrants.push_back(size_up(contestant, options, options.keys));
    rows.push_back(&report.row(row_of(entrants.back(), "growth", 1)));
    rows.back()->distribution = "uniform";  // over the keys that are there
  }
  rows.push_back(&report.row(machine_row()));
  // The whole range of 32 bits: the reader scales it to the keys that are there.
  const std::vector<Draw> draws = make_draws("uniform", std::uint64_t{1} << 32, 1, draw_length(options));
  rounds(options, WarmUp::kNo, rows.size(), [&](std::size_t i, bool) {
    if (i == entrants.size()) return measure_machine(options, *rows[i], draws);
    add(*rows[i], grow(options, entrants[i], draws));
  });
  report.print_new("batches of 1024 inserts; one reader, the writer's thread beside it; " +
                   how_long(options));
}

void memory(const Options& options, Report& report) {
  std::vector<Entrant> entrants;
  std::vector<Row*> rows;
  for (const Contestant& contestant : chosen_contestants(options)) {
    entrants.push_back(size_up(contestant, options, options.keys));
    rows.push_back(&report.row(row_of(entrants.back(), "memory", 0)));
  }
  rounds(options, WarmUp::kNo, entrants.size(), [&](std::size_t i, bool) {
    const double before = resident_bytes();
    const std::unique_ptr<AnyEngine> table = make_contestant(entrants[i].contestant);
    {
      TableWriter writer(*table);
      writer.fill(0, entrants[i].keys);
      writer.drop_reservations();
    }
    const auto keys = static_cast<double>(entrants[i].keys);
    const EngineStats stats = table->stats();
    rows[i]->add("resident_bytes_per_key", (resident_bytes() - before) / keys);
    rows[i]->add("record_bytes_per_key", static_cast<double>(stats.record_bytes) / keys);
    rows[i]->add("index_bytes_per_key", static_cast<double>(stats.index_bytes) / keys);
    rows[i]->add("retired_bytes_per_key", static_cast<double>(stats.retired_bytes) / keys);
  });
  report.print_new("keys and values of 16 bytes; filled in batches of 1024, at rest");
}

}  // namespace flashkv::bench
