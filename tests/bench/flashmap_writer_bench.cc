// What the writer costs: rewriting existing keys, publishing, memory.
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "tests/bench/flashmap_bench.h"
#include "tests/bench/interleaved.h"

#include <mimalloc.h>

namespace flashkv::bench {
namespace {

constexpr std::uint64_t kLarge = 1'000'000;

double resident_bytes() {
  long pages = 0, resident = 0;
  std::FILE* statm = std::fopen("/proc/self/statm", "r");
  if (statm == nullptr || std::fscanf(statm, "%ld %ld", &pages, &resident) != 2) std::abort();
  std::fclose(statm);
  return static_cast<double>(resident) * static_cast<double>(sysconf(_SC_PAGESIZE));
}

// Looks up random keys until told to stop.
class Reader {
 public:
  Reader(Map& map, std::uint64_t keys) : thread_([this, &map, keys] { run(map, keys); }) {}
  ~Reader() {
    stop_.store(true);
    thread_.join();
  }

 private:
  void run(Map& map, std::uint64_t keys) {
    const std::vector<Key> draw = random_keys(keys, 65'536, 9);
    Map::Reader reader = map.make_reader();
    std::uint64_t sum = 0;
    while (!stop_.load(std::memory_order_relaxed)) {
      for (const Key& key : draw) sum += reader.enter().find(probe_of(key))->version();
    }
    if (sum == 0) std::abort();
  }

  std::atomic<bool> stop_{false};
  std::thread thread_;
};

}  // namespace

void mutations(const Options& options) {
  const std::uint64_t keys = options.keys != 0 ? options.keys : kLarge;
  Map map{kHash};
  fill(map, keys);
  std::vector<double> rates, cpu;
  std::uint64_t revision = keys;
  {
    const Reader reader(map, keys);
    std::uint64_t seed = 1;
    for (int round = 0; round < options.rounds; ++round) {
      constexpr std::uint64_t kBatches = 100;
      double busy = 0, busy_cpu = 0;
      for (std::uint64_t b = 0; b < kBatches; ++b) {
        std::vector<RecordPtr> records = make_records(random_keys(keys, kBatch, ++seed), ++revision);
        const double begin = wall_seconds();
        busy_cpu += write_batch(map, records, revision).cpu;
        busy += wall_seconds() - begin;
      }
      rates.push_back(static_cast<double>(kBatches * kBatch) / busy / 1e6);
      cpu.push_back(busy_cpu / static_cast<double>(kBatches * kBatch) * 1e9);
    }
  }
  std::printf("mutations into %llu existing keys, batches of %llu, one reader flat out\n",
              static_cast<unsigned long long>(keys), static_cast<unsigned long long>(kBatch));
  std::printf("  %.2f M/s [%.2f %.2f], %.0f ns of CPU each; %llu deferred opens\n", quantile(rates, 0.5),
              quantile(rates, 0.25), quantile(rates, 0.75), quantile(cpu, 0.5),
              static_cast<unsigned long long>(map.stats().deferred_opens));
}

void publish_cost(const Options& options) {
  Map map{kHash};
  fill(map, 1'000);
  std::vector<Map::Reader> idle;
  for (int i = 0; i < 64; ++i) idle.push_back(map.make_reader());
  std::vector<double> publish, open;
  std::uint64_t revision = 1'000;
  for (int i = 0; i < 1'000 * options.rounds; ++i) {
    const double begin = wall_seconds();
    map.publish(++revision);
    const double middle = wall_seconds();
    if (!map.try_begin_batch(kNever)) std::abort();
    publish.push_back((middle - begin) * 1e9);
    open.push_back((wall_seconds() - middle) * 1e9);
  }
  std::printf("an empty batch, 64 idle handles\n");
  std::printf("  publish  %6.0f ns, p99 %6.0f\n", quantile(publish, 0.5), quantile(publish, 0.99));
  std::printf("  try_begin_batch %6.0f ns, p99 %6.0f\n", quantile(open, 0.5), quantile(open, 0.99));
}

void memory(const Options& options) {
  const std::uint64_t keys = options.keys != 0 ? options.keys : kLarge;
  Map map{kHash};
  if (!map.try_begin_batch(0)) std::abort();
  mi_collect(true);
  const double before = resident_bytes();
  fill(map, keys);
  mi_collect(true);
  const EngineStats stats = map.stats();
  const double per_key = 1 / static_cast<double>(keys);
  std::printf("memory, %llu keys of 16 bytes with values of 16\n", static_cast<unsigned long long>(keys));
  std::printf("  resident %.1f bytes a key: records %.1f, index %.1f, allocator the rest\n",
              (resident_bytes() - before) * per_key, static_cast<double>(stats.record_bytes) * per_key,
              static_cast<double>(stats.index_bytes) * per_key);
}

}  // namespace flashkv::bench
