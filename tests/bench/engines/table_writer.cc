#include "tests/bench/engines/table_writer.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "tests/bench/interleaved.h"

namespace flashkv::bench {
namespace {

constexpr std::size_t kAhead = 32;  // requests that are looked ahead to, as the store's writer does
constexpr std::size_t kFillBatch = 1'024;

WriteTime now() { return {.wall = wall_seconds(), .cpu = thread_cpu_seconds()}; }

}  // namespace

TableWriter::TableWriter(AnyEngine& table)
    : table_(table), hash_(table.hash()), revision_(table.published()) {}

void TableWriter::make_records(std::span<const Key> keys) {
  records_.clear();
  for (const Key& key : keys) {
    records_.push_back(Record::make(key.view(), key.view(), Record::Expiry::kNone));
    if (!records_.back()) {
      std::fputs("engine_bench: out of memory\n", stderr);
      std::exit(3);
    }
    records_.back()->stamp(revision_ + 1, revision_ + 1, 1);
  }
}

void TableWriter::open(WriteTime& from) {
  const WriteTime began = now();
  from = began;
  while (!table_.try_begin_batch(0)) {
    ++deferred_;
    std::this_thread::yield();
    from = now();
  }
  from.waited = from.wall - began.wall;
}

void TableWriter::publish(WriteTime from, WriteTime& sum) {
  table_.publish(++revision_);
  const WriteTime to = now();
  sum.wall += to.wall - from.wall;
  sum.cpu += to.cpu - from.cpu;
  sum.waited += from.waited;
}

void TableWriter::apply(std::span<const Key> keys, std::size_t first_record) {
  std::array<Probe, kAhead> probes;
  for (std::size_t first = 0; first < keys.size() && !exhausted_; first += kAhead) {
    const std::size_t size = std::min(kAhead, keys.size() - first);
    for (std::size_t i = 0; i < size; ++i)
      probes[i] = {keys[first + i].view(), hash_(keys[first + i].view())};
    table_.prefetch(std::span(probes).first(size));
    for (std::size_t i = 0; i < size && !exhausted_; ++i) {
      if (!table_.reserve({&probes[i], 1})) {
        exhausted_ = true;
        break;
      }
      table_.upsert(records_[first_record + first + i].release(), probes[i].hash);
      ++written_;
    }
  }
}

WriteTime TableWriter::put(std::span<const Key> keys, std::size_t publish_every) {
  make_records(keys);
  WriteTime sum, from;
  for (std::size_t first = 0; first < keys.size() && !exhausted_; first += publish_every) {
    open(from);
    apply(keys.subspan(first, std::min(publish_every, keys.size() - first)), first);
    publish(from, sum);
  }
  return sum;
}

WriteTime TableWriter::exchange(std::span<const Key> erased, std::span<const Key> put) {
  make_records(put);
  WriteTime sum, from;
  open(from);
  for (const Key& key : erased) {
    const Probe probe{key.view(), hash_(key.view())};
    if (exhausted_ || !table_.reserve({&probe, 1})) {
      exhausted_ = true;
      break;
    }
    table_.erase(probe);
    ++written_;
  }
  apply(put, 0);
  publish(from, sum);
  return sum;
}

void TableWriter::fill(std::uint64_t first, std::uint64_t last) {
  std::vector<Key> batch;
  for (std::uint64_t n = first; n < last && !exhausted_;) {
    batch.clear();
    for (; batch.size() < kFillBatch && n < last; ++n) batch.emplace_back(n);
    put(batch, kFillBatch);
  }
}

void TableWriter::drop_reservations() {
  constexpr int kTurns = 500;
  constexpr int kStill = 3;
  std::uint64_t before = 0;
  for (int turn = 0, still = 0; turn < kTurns && still < kStill; ++turn) {
    WriteTime sum, from;
    open(from);
    publish(from, sum);
    const EngineStats stats = table_.stats();
    const bool quiet = stats.retired_bytes <= stats.leaked_bytes && stats.index_bytes == before;
    still = quiet ? still + 1 : 0;
    before = stats.index_bytes;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

}  // namespace flashkv::bench
