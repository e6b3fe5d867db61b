// What the parts of flashmap_bench share: keys, and an engine filled with them.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "storage/engine/flashmap/flashmap.h"
#include "tests/bench/key.h"

namespace flashkv::bench {

using Map = AsymmetricFlashmap;

struct Options {
  std::uint64_t keys = 0;  // 0 = what the measurement is about
  int rounds = 15;
  double seconds = 2;  // of measurements that run for a time
};

inline constexpr std::uint64_t kBatch = 1'024;
inline const KeyHash kHash{0x9e37'79b9'7f4a'7c15};

inline Probe probe_of(const Key& key) noexcept { return {key.view(), kHash(key.view())}; }

// Keys below `keys`, drawn uniformly.
inline std::vector<Key> random_keys(std::uint64_t keys, std::uint64_t count, std::uint64_t seed) {
  std::vector<Key> drawn;
  drawn.reserve(count);
  std::uint64_t state = seed * 2 + 1;
  for (int warm = 0; warm < 8; ++warm) next_random(state);
  for (std::uint64_t i = 0; i < count; ++i) drawn.emplace_back((next_random(state) >> 16) % keys);
  return drawn;
}

inline std::vector<RecordPtr> make_records(std::span<const Key> keys, std::uint64_t revision) {
  std::vector<RecordPtr> records;
  records.reserve(keys.size());
  for (const Key& key : keys) {
    records.push_back(Record::make(key.view(), key.view(), Record::Expiry::kNone));
    records.back()->stamp(revision, revision, 1);
  }
  return records;
}

// What one batch took, from the try_begin_batch() that succeeded to publish(): waiting for a reader that the
// machine had taken off its core in the middle of a lookup is neither the engine's work nor in these.
struct BatchTime {
  double wall = 0;  // seconds
  double cpu = 0;
};

// One request a record. The engine is prefetched in groups, as the writer does with the requests it drained.
BatchTime write_batch(Map& map, std::span<RecordPtr> records, std::uint64_t revision);
void fill(Map& map, std::uint64_t keys);

void lookup(const Options& options);        // 1 K hot and 1 M random, 1 and 2 threads
void batch_lookup(const Options& options);  // 64 keys together against one by one
void growth(const Options& options);        // empty to 10 M, with a reader
void memory(const Options& options);        // bytes a key
void mutations(const Options& options);     // rewriting existing keys, with a reader
void publish_cost(const Options& options);  // with 64 idle handles

}  // namespace flashkv::bench
