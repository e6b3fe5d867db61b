// The simplest engine with atomic batches: two std::maps and a mutex.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <mutex>
#include <span>
#include <string_view>
#include <thread>
#include <vector>

#include "storage/table/engine.h"
#include "storage/table/engine_options.h"
#include "tests/support/engines/plain_reading.h"
#include "tests/support/engines/prepared_map.h"

namespace flashkv::test {

// Purpose: an Engine that uses all that the contract allows: atomic batches, and readers that keep the staged
//          half closed while they stay in it. Does what flashmap does, in the simplest way.
// Threads: as in engine.h.
class TwinMap {
  struct Shared {
    std::mutex mutex;  // protects current and guards
    int current = 0;
    std::array<std::int64_t, 2> guards{};
    std::array<PreparedMap, 2> halves;
    std::array<std::uint64_t, 2> revisions{};
  };

 public:
  class Guard {
   public:
    explicit Guard(Shared& shared) noexcept : shared_(shared) {
      const std::scoped_lock lock(shared_.mutex);
      half_ = static_cast<std::size_t>(shared_.current);
      ++shared_.guards[half_];
    }
    ~Guard() {
      const std::scoped_lock lock(shared_.mutex);
      --shared_.guards[half_];
    }
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;
    std::uint64_t revision() const noexcept { return shared_.revisions[half_]; }
    const Record* find(const Probe& probe) const noexcept { return shared_.halves[half_].find(probe.key); }
    void find_batch(std::span<const Probe> probes, std::span<const Record*> found) const noexcept {
      find_one_by_one(*this, probes, found);
    }

   private:
    Shared& shared_;
    std::size_t half_;
  };
  using Reader = EnteringReader<Shared, Guard>;

  explicit TwinMap(const EngineOptions&) {}
  TwinMap(const TwinMap&) = delete;
  TwinMap& operator=(const TwinMap&) = delete;
  ~TwinMap() {
    replay();
    for (const auto& [key, record] : staged().all()) garbage_.push_back(record);
    free_garbage();
  }

  static constexpr Traits traits() noexcept {
    return {.name = "twin-map",
            .atomic_batch = true,
            .linearizable = true,
            .ordered = true,
            .bounded_garbage = true,
            .read_rmw = ReadRmw::kLock};
  }
  Reader make_reader() { return Reader(shared_); }
  bool try_begin_batch(Nanos budget) noexcept {
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::nanoseconds(budget);
    while (!open_ && !stale_is_free()) {
      if (std::chrono::steady_clock::now() >= give_up) {
        ++deferred_;
        return false;
      }
      std::this_thread::yield();
    }
    if (!open_) replay();
    open_ = true;
    return true;
  }
  Record* find(const Probe& probe) noexcept { return staged().find(probe.key); }
  void prefetch(std::span<const Probe>) noexcept {}
  bool reserve(std::span<const Probe> probes) noexcept try {
    promised_ += probes.size();
    log_.reserve(log_.size() + promised_);
    garbage_.reserve(garbage_.size() + promised_ + 1);
    return shared_.halves[0].reserve(probes.size()) && shared_.halves[1].reserve(probes.size());
  } catch (const std::bad_alloc&) {
    return false;
  }
  void upsert(Record* record, std::uint64_t) noexcept {
    record->retain();
    keep_until_level(staged().put(record));
    log_.push_back({record->key(), record});
    bytes_ += record->bytes();
  }
  void erase(const Probe& probe) noexcept {
    Record* removed = staged().erase(probe.key);
    if (removed == nullptr) return;
    log_.push_back({removed->key(), nullptr});
    keep_until_level(removed);
  }
  void publish(std::uint64_t revision) noexcept {
    const std::scoped_lock lock(shared_.mutex);
    shared_.current = 1 - shared_.current;
    shared_.revisions[static_cast<std::size_t>(shared_.current)] = revision;
    published_.store(revision);
    open_ = false;
    promised_ = 0;
  }
  std::uint64_t published() const noexcept { return published_.load(); }
  EngineStats stats() noexcept {
    EngineStats s;
    s.keys = open_ ? staged().all().size()
                   : shared_.halves[static_cast<std::size_t>(shared_.current)].all().size();
    s.record_bytes = bytes_;
    for (const Record* r : garbage_) s.retired_bytes += r->bytes();
    s.deferred_opens = deferred_;
    return s;
  }
  EngineStats stats() const noexcept { return const_cast<TwinMap*>(this)->stats(); }

 private:
  struct Entry {
    std::string_view key;
    Record* record;
  };
  PreparedMap& staged() noexcept { return shared_.halves[static_cast<std::size_t>(1 - shared_.current)]; }
  bool stale_is_free() noexcept {
    const std::scoped_lock lock(shared_.mutex);
    return shared_.guards[static_cast<std::size_t>(1 - shared_.current)] == 0;
  }
  void keep_until_level(Record* record) noexcept {
    if (record == nullptr) return;
    bytes_ -= record->bytes();
    garbage_.push_back(record);
  }
  void replay() noexcept {
    if (open_) return;
    for (const Entry& e : log_) {
      if (e.record != nullptr) {
        staged().put(e.record);
      } else {
        staged().erase(e.key);
      }
    }
    log_.clear();
    for (PreparedMap& half : shared_.halves) half.drop_reservations();
    free_garbage();
  }
  void free_garbage() noexcept {
    for (Record* r : garbage_) r->release();
    garbage_.clear();
  }

  Shared shared_;
  std::vector<Entry> log_;
  std::vector<Record*> garbage_;
  std::size_t promised_ = 0;
  bool open_ = true;
  std::uint64_t deferred_ = 0;
  std::uint64_t bytes_ = 0;
  std::atomic<std::uint64_t> published_{0};
};
static_assert(Engine<TwinMap>);

}  // namespace flashkv::test
