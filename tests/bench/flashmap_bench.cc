// What the default engine costs. Prints; judges nothing.
//   flashmap_bench --what lookup|batch|growth|memory|mutations|publish [--keys N] [--rounds N] [--seconds S]
#include "tests/bench/flashmap_bench.h"

#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <thread>

#include "tests/bench/interleaved.h"

namespace flashkv::bench {

BatchTime write_batch(Map& map, std::span<RecordPtr> records, std::uint64_t revision) {
  constexpr std::size_t kAhead = 32;
  std::array<Probe, kAhead> probes;
  double wall = wall_seconds(), cpu = thread_cpu_seconds();
  while (!map.try_begin_batch(0)) {
    std::this_thread::yield();
    wall = wall_seconds();
    cpu = thread_cpu_seconds();
  }
  for (std::size_t first = 0; first < records.size(); first += kAhead) {
    const std::size_t size = std::min(kAhead, records.size() - first);
    for (std::size_t i = 0; i < size; ++i) {
      const std::string_view key = records[first + i]->key();
      probes[i] = {key, kHash(key)};
    }
    map.prefetch(std::span(probes).first(size));
    for (std::size_t i = 0; i < size; ++i) {
      if (!map.reserve({&probes[i], 1})) std::abort();
      map.upsert(records[first + i].release(), probes[i].hash);
    }
  }
  map.publish(revision);
  return {.wall = wall_seconds() - wall, .cpu = thread_cpu_seconds() - cpu};
}

void fill(Map& map, std::uint64_t keys) {
  std::vector<Key> batch;
  for (std::uint64_t n = 0; n < keys;) {
    batch.clear();
    for (; batch.size() < kBatch && n < keys; ++n) batch.emplace_back(n);
    std::vector<RecordPtr> records = make_records(batch, n);
    write_batch(map, records, n);
  }
  if (!map.try_begin_batch(kNever)) std::abort();
}

}  // namespace flashkv::bench

namespace {

struct Measurement {
  std::string_view name;
  void (*run)(const flashkv::bench::Options&);
};
constexpr Measurement kMeasurements[] = {
    {"lookup", flashkv::bench::lookup},       {"batch", flashkv::bench::batch_lookup},
    {"growth", flashkv::bench::growth},       {"memory", flashkv::bench::memory},
    {"mutations", flashkv::bench::mutations}, {"publish", flashkv::bench::publish_cost},
};

int usage() {
  std::fputs(
      "usage: flashmap_bench --what lookup|batch|growth|memory|mutations|publish"
      " [--keys N] [--rounds N] [--seconds S]\n",
      stderr);
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  flashkv::bench::Options options;
  std::string_view what;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view flag = argv[i];
    if (flag == "--what") what = argv[i + 1];
    if (flag == "--keys") options.keys = std::strtoull(argv[i + 1], nullptr, 10);
    if (flag == "--rounds") options.rounds = std::atoi(argv[i + 1]);
    if (flag == "--seconds") options.seconds = std::atof(argv[i + 1]);
  }
  for (const Measurement& m : kMeasurements) {
    if (m.name != what) continue;
    m.run(options);
    return 0;
  }
  return usage();
}
