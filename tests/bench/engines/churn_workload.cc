// Keys come and go while others are read: what is kept of those that went, and what that costs readers.
#include <map>

#include "tests/bench/engines/draw.h"
#include "tests/bench/engines/reader_crew.h"
#include "tests/bench/engines/workloads.h"
#include "tests/bench/engines/writer_thread.h"

namespace flashkv::bench {
namespace {

// Purpose: the upper half of a table's keys, of which a few are absent at any time: each batch erases the
//          next few and brings back the last few.
class Turnover {
 public:
  explicit Turnover(FilledTable& table)
      : table_(table), first_(table.entrant.keys / 2), count_(table.entrant.keys - first_), at_(first_) {
    absent_ = next();
    table_.writer.exchange(absent_, {});
  }
  ~Turnover() { table_.writer.exchange({}, absent_); }
  Turnover(const Turnover&) = delete;
  Turnover& operator=(const Turnover&) = delete;

  WriteTime turn() {
    const std::vector<Key> going = next();
    const WriteTime took = table_.writer.exchange(going, absent_);
    absent_ = going;
    ++turns_;
    return took;
  }
  double erased() const { return static_cast<double>(turns_) * static_cast<double>(absent_.size()); }

 private:
  static constexpr std::size_t kKeys = 512;
  std::vector<Key> next() {
    std::vector<Key> keys;
    // At most half of them, so that those that come back are never those that go.
    for (std::size_t i = 0; i < kKeys && i < count_ / 2; ++i) {
      keys.emplace_back(at_);
      at_ = at_ + 1 == first_ + count_ ? first_ : at_ + 1;
    }
    return keys;
  }

  FilledTable& table_;
  std::uint64_t first_, count_, at_;
  std::uint64_t turns_ = 0;
  std::vector<Key> absent_;
};

void measure(const Options& options, FilledTable& table, const std::vector<Draw>& draws, Row* row) {
  ReaderCrew crew([&] { return table.table->make_reader(system_clock()); }, draws, {});
  Turnover turnover(table);
  const std::uint64_t written = table.writer.written();
  const auto leaked = [&table] { return static_cast<double>(table.table->stats().leaked_bytes); };
  const double before = leaked();
  WriteTime time;
  std::atomic<bool> ended{false};
  std::atomic<bool> turned{false};
  crew.go();
  WriterThread writer([&] {
    if (ended.load()) return sleep_for(1e-3);
    const WriteTime took = turnover.turn();
    turned.store(true);
    time.wall += took.wall + took.waited;
    time.cpu += took.cpu;
    ended.store(table.writer.exhausted());
  });
  sleep_unless(ended, options.seconds);
  // On a busy machine the writer may not have had the processor yet.
  while (!turned.load()) sleep_for(1e-3);
  const ReadResult read = crew.stop();
  writer.stop();
  const auto changes = static_cast<double>(table.writer.written() - written);
  if (row == nullptr || changes == 0) return;
  const EngineStats stats = table.table->stats();
  row->add("ns_per_read", read.cpu_ns);
  row->add("million_reads_per_s", read.per_second / 1e6);
  row->add("thousand_writes_per_s", changes / time.wall / 1e3);
  row->add("writer_ns_per_write", time.cpu * 1e9 / changes);
  row->add("kept_bytes_per_erased", (leaked() - before) / std::max(turnover.erased(), 1.0));
  row->add("index_bytes_per_key", static_cast<double>(stats.index_bytes) / static_cast<double>(stats.keys));
  if (table.writer.exhausted()) row->note = "ended when it had kept as much as it may";
}

}  // namespace

void race_churn(const Options& options, Report& report, FilledTables& tables, const std::string& workload) {
  for (const unsigned readers : options.readers) {
    std::map<std::uint64_t, std::vector<Draw>> draws;
    std::vector<Row*> rows;
    for (const auto& table : tables) {
      const std::uint64_t stay = std::max<std::uint64_t>(table->entrant.keys / 2, 1);
      draws[table->entrant.keys] = make_draws("uniform", stay, readers, draw_length(options));
      Row row = row_of(*table, workload, readers);
      row.distribution = "uniform";
      row.variant = "churn";
      rows.push_back(&report.row(row));
    }
    rounds(options, WarmUp::kYes, tables.size(), [&](std::size_t i, bool counts) {
      if (tables[i]->writer.exhausted()) tables[i] = std::make_unique<FilledTable>(tables[i]->entrant);
      measure(options, *tables[i], draws[tables[i]->entrant.keys], counts ? rows[i] : nullptr);
    });
    report.print_new("half of the keys stay and are read, 512 of the others go with each publish; " +
                     how_long(options));
  }
}

void churn(const Options& options, Report& report) {
  for (const auto& group : groups(chosen_contestants(options), options, options.keys)) {
    FilledTables tables = fill(group);
    race_churn(options, report, tables, "churn");
  }
}

}  // namespace flashkv::bench
