// The trivial engine: a std::map under a lock. It shows that the writer depends on nothing specific to
// flashmap.
#pragma once

#include <atomic>
#include <mutex>
#include <shared_mutex>
#include <span>
#include <utility>
#include <vector>

#include "storage/table/engine.h"
#include "storage/table/engine_options.h"
#include "tests/support/engines/plain_reading.h"
#include "tests/support/engines/prepared_map.h"

namespace flashkv::test {

// Purpose: an Engine whose batches are not atomic: each key changes under the lock on its own, so it serves
//          through WithOverlay. A guard takes the lock only during each find and may be held forever; records
//          replaced meanwhile stay until a try_begin_batch() finds no guard.
// Threads: as in engine.h.
class LockedMap {
  struct Shared {
    mutable std::shared_mutex mutex;
    PreparedMap map;
    std::atomic<std::uint64_t> published{0};
    std::atomic<std::int64_t> guards{0};
  };

 public:
  class Guard {
   public:
    explicit Guard(Shared& shared) noexcept : shared_(shared) {
      shared_.guards.fetch_add(1);
      revision_ = shared_.published.load();
    }
    ~Guard() { shared_.guards.fetch_sub(1); }
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;
    std::uint64_t revision() const noexcept { return revision_; }
    const Record* find(const Probe& probe) const noexcept {
      const std::shared_lock lock(shared_.mutex);
      return shared_.map.find(probe.key);
    }
    void find_batch(std::span<const Probe> probes, std::span<const Record*> found) const noexcept {
      find_one_by_one(*this, probes, found);
    }

   private:
    Shared& shared_;
    std::uint64_t revision_;
  };
  using Reader = EnteringReader<Shared, Guard>;

  explicit LockedMap(const EngineOptions&) {}
  LockedMap(const LockedMap&) = delete;
  LockedMap& operator=(const LockedMap&) = delete;
  ~LockedMap() {
    free_retired();
    for (const auto& [key, record] : shared_.map.all()) retired_.push_back(record);
    free_retired();
  }

  static constexpr Traits traits() noexcept {
    return {.name = "locked-map",
            .linearizable = true,
            .ordered = true,
            .bounded_garbage = true,
            .read_rmw = ReadRmw::kLock};
  }
  Reader make_reader() { return Reader(shared_); }
  bool try_begin_batch(Nanos) noexcept {
    if (shared_.guards.load() == 0) free_retired();
    return true;
  }
  Record* find(const Probe& probe) noexcept { return shared_.map.find(probe.key); }
  void prefetch(std::span<const Probe>) noexcept {}
  bool reserve(std::span<const Probe> probes) noexcept try {
    promised_ += probes.size();
    retired_.reserve(retired_.size() + promised_);
    return shared_.map.reserve(probes.size());
  } catch (const std::bad_alloc&) {
    return false;
  }
  void upsert(Record* record, std::uint64_t) noexcept {
    record->retain();
    const std::unique_lock lock(shared_.mutex);
    retire(shared_.map.put(record));
    bytes_ += record->bytes();
  }
  void erase(const Probe& probe) noexcept {
    const std::unique_lock lock(shared_.mutex);
    retire(shared_.map.erase(probe.key));
  }
  void publish(std::uint64_t revision) noexcept {
    shared_.map.drop_reservations();
    promised_ = 0;
    shared_.published.store(revision);
  }
  std::uint64_t published() const noexcept { return shared_.published.load(); }
  EngineStats stats() const noexcept {
    EngineStats s;
    s.keys = shared_.map.all().size();
    s.record_bytes = bytes_;
    for (const Record* r : retired_) s.retired_bytes += r->bytes();
    return s;
  }

 private:
  void retire(Record* record) noexcept {
    if (record == nullptr) return;
    bytes_ -= record->bytes();
    retired_.push_back(record);
  }
  void free_retired() noexcept {
    for (Record* r : retired_) r->release();
    retired_.clear();
  }

  Shared shared_;
  std::vector<Record*> retired_;
  std::size_t promised_ = 0;
  std::uint64_t bytes_ = 0;
};
static_assert(Engine<LockedMap>);

}  // namespace flashkv::test
