// Growing from empty under a reader: the largest batch, and what the reader notices.
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "tests/bench/flashmap_bench.h"
#include "tests/bench/interleaved.h"

namespace flashkv::bench {
namespace {

constexpr std::uint64_t kFinal = 10'000'000;

// Times lookups one at a time, of keys that are there, while somebody else does what they do.
class TimedReader {
 public:
  TimedReader(Map& map, const std::atomic<std::uint64_t>& keys)
      : thread_([this, &map, &keys] { run(map, keys); }) {}
  std::vector<double> stop() {
    stop_.store(true);
    thread_.join();
    ns_.resize(count_);
    return std::move(ns_);
  }

 private:
  void run(Map& map, const std::atomic<std::uint64_t>& keys) {
    Map::Reader reader = map.make_reader();
    std::uint64_t state = 12345, sum = 0;
    while (!stop_.load(std::memory_order_relaxed) && count_ < ns_.size()) {
      const Key key((next_random(state) >> 16) % keys.load(std::memory_order_acquire));
      const double begin = wall_seconds();
      sum += reader.enter().find(probe_of(key))->version();
      ns_[count_++] = (wall_seconds() - begin) * 1e9;
    }
    if (sum == 0) std::abort();
  }

  static constexpr std::size_t kMostSamples = 30'000'000;
  // Touched beforehand: a page fault every 512 samples would be the 99.9th percentile.
  std::vector<double> ns_ = std::vector<double>(kMostSamples, 1.0);
  std::size_t count_ = 0;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

void print_reader(const char* when, const std::vector<double>& ns) {
  std::printf("  reader, %-16s p50 %6.0f  p99 %6.0f  p99.9 %6.0f ns  (%zu samples)\n", when,
              quantile(ns, 0.5), quantile(ns, 0.99), quantile(ns, 0.999), ns.size());
}

}  // namespace

void growth(const Options& options) {
  const std::uint64_t keys = options.keys != 0 ? options.keys : kFinal;
  Map map{kHash};
  std::vector<double> cpu, wall;
  std::atomic<std::uint64_t> readable{kBatch};
  std::unique_ptr<TimedReader> reader;
  std::vector<Key> batch;
  for (std::uint64_t n = 0; n < keys;) {
    batch.clear();
    for (; batch.size() < kBatch && n < keys; ++n) batch.emplace_back(n);
    std::vector<RecordPtr> records = make_records(batch, n);
    const BatchTime took = write_batch(map, records, n);
    wall.push_back(took.wall * 1e6);
    cpu.push_back(took.cpu * 1e6);
    readable.store(n, std::memory_order_release);
    if (!reader) reader = std::make_unique<TimedReader>(map, readable);
  }
  const std::vector<double> growing = reader->stop();
  if (!map.try_begin_batch(kNever)) std::abort();

  reader = std::make_unique<TimedReader>(map, readable);
  const double until = wall_seconds() + options.seconds;
  while (wall_seconds() < until) std::this_thread::yield();
  const std::vector<double> quiet = reader->stop();

  std::printf("growth, empty to %llu keys, batches of %llu inserts, one reader\n",
              static_cast<unsigned long long>(keys), static_cast<unsigned long long>(kBatch));
  const double median = quantile(cpu, 0.5);
  std::printf("  writer CPU a batch: median %.0f us, p99 %.0f, largest %.0f = x%.1f of the median\n", median,
              quantile(cpu, 0.99), quantile(cpu, 1), quantile(cpu, 1) / median);
  std::printf("  wall time a batch:  median %.0f us, p99 %.0f, largest %.0f\n", quantile(wall, 0.5),
              quantile(wall, 0.99), quantile(wall, 1));
  print_reader("while growing", growing);
  print_reader("quiet table", quiet);
  std::printf("  p99.9 growing / quiet: x%.2f\n", quantile(growing, 0.999) / quantile(quiet, 0.999));
}

}  // namespace flashkv::bench
