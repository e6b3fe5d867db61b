// What lets somebody else's map take part: the same door, the same records.
#pragma once

#include <cstdint>
#include <span>

#include "storage/engine/parts/section_reader.h"
#include "storage/reclaim/default_periods.h"
#include "storage/reclaim/retire_list.h"
#include "storage/sync/sync.h"
#include "storage/table/engine.h"
#include "storage/table/engine_options.h"
#include "storage/table/read_handle_of.h"

namespace flashkv::bench {

// Purpose: what a map took out of sight. None of these maps keeps a value readable after its lookup has
//          returned, so records wait for a grace period here, as they do in the engines.
class Retired {
 public:
  bool reserve(std::size_t keys) noexcept { return list_.reserve(2 * keys); }
  void record(Record* record) noexcept { list_.retire(record, &release, record->bytes()); }
  void node(void* node, reclaim::RetireList::Free free, std::size_t bytes) noexcept {
    list_.retire(node, free, bytes);
  }
  void drop_reservations() noexcept {
    list_.drop_reservations();
    list_.begin(periods_);
  }
  void collect() noexcept { list_.collect(periods_); }
  std::uint64_t bytes() const noexcept { return list_.bytes(); }
  reclaim::DefaultPeriods::Section make_section() { return periods_.make_section(); }

 private:
  static void release(void* record) noexcept { static_cast<Record*>(record)->release(); }
  reclaim::DefaultPeriods periods_;
  reclaim::RetireList list_;
};

// Purpose: an Engine over a concurrent map M, which sees each change as soon as it is made:
//            const Record* find(const Probe&) const          readers, inside a section
//            std::size_t put(Record*, hash, Retired&)        bytes of the record it replaced, or 0
//            std::size_t take(const Probe&, Retired&)        of the one it removed; both see to its end
//            Section make_section(Retired&);  std::uint64_t index_bytes() const   as far as the map tells
// Threads, Lifetime: as Engine.
// Limits:  the maps allocate where they like; for want of memory the program ends. find(), the writer's own
//          lookup, is there for the concept's sake: who writes here does not ask first.
template <typename M>
class BaselineEngine {
 public:
  using Reader = SectionReader<BaselineEngine, typename M::Section>;

  explicit BaselineEngine(const EngineOptions&) {}
  static constexpr Traits traits() noexcept {
    return {.name = M::kName, .linearizable = true, .bounded_garbage = true, .read_rmw = M::kReadRmw};
  }
  Reader make_reader() { return Reader(*this, map_.make_section(retired_)); }
  const Record* lookup(const Probe& probe) const noexcept { return map_.find(probe); }
  void lookup_batch(std::span<const Probe> probes, std::span<const Record*> found) const noexcept {
    for (std::size_t i = 0; i < probes.size(); ++i) found[i] = map_.find(probes[i]);
  }

  bool try_begin_batch(Nanos) noexcept {
    retired_.collect();
    return true;
  }
  Record* find(const Probe& probe) noexcept { return const_cast<Record*>(map_.find(probe)); }
  void prefetch(std::span<const Probe>) noexcept {}
  bool reserve(std::span<const Probe> probes) noexcept { return retired_.reserve(probes.size()); }
  void upsert(Record* record, std::uint64_t hash) noexcept {
    record->retain();
    record_bytes_ += record->bytes();
    const std::size_t replaced = map_.put(record, hash, retired_);
    record_bytes_ -= replaced;
    keys_ += replaced == 0 ? 1 : 0;
  }
  void erase(const Probe& probe) noexcept {
    const std::size_t removed = map_.take(probe, retired_);
    record_bytes_ -= removed;
    keys_ -= removed == 0 ? 0 : 1;
  }
  void publish(std::uint64_t revision) noexcept {
    published_.store(revision, sync::kRelease);
    retired_.drop_reservations();
  }
  std::uint64_t published() const noexcept { return published_.load(sync::kAcquire); }
  EngineStats stats() const noexcept {
    return {.keys = keys_,
            .record_bytes = record_bytes_,
            .index_bytes = map_.index_bytes(),
            .retired_bytes = retired_.bytes()};
  }

 private:
  Retired retired_;
  M map_;
  std::uint64_t keys_ = 0;
  std::uint64_t record_bytes_ = 0;
  alignas(sync::kOwnLine) sync::Atomic<std::uint64_t> published_{0};
};

}  // namespace flashkv::bench

namespace flashkv {
// Every later reader sees a change that one has seen, and none belongs to a batch: no answer waits for a
// publish.
template <typename M>
inline constexpr bool kReadersMoveAtOnce<bench::BaselineEngine<M>> = true;
}  // namespace flashkv
