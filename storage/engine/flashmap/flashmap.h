// The default engine: a double-buffered map whose readers write nothing that others read.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <span>
#include <utility>

#include "storage/engine/flashmap/guard_asymmetric.h"
#include "storage/engine/flashmap/guard_publish.h"
#include "storage/engine/flashmap/guard_refcount.h"
#include "storage/engine/flashmap/twin_table.h"
#include "storage/table/engine.h"
#include "storage/table/engine_options.h"

namespace flashkv {

// Purpose: an Engine (storage/table/engine.h) over a TwinTable: readers walk the published half, the writer
//          changes the staged one, publish() exchanges them, try_begin_batch() replays the batch into the
//          stale one. `Guards` tells the writer when a half has no readers: RefcountGuards or
//          AsymmetricGuards.
// Usage:   Flashmap<AsymmetricGuards> map(KeyHash{seed});
//          auto reader = map.make_reader();  auto guard = reader.enter();  guard.find({key, hash});
//          if (map.try_begin_batch(0) && map.reserve(probes)) { map.upsert(record, hash);
//          map.publish(revision); }
// Threads: one writer for everything but make_reader() and published(), which any thread may call. A Reader
//          is one thread's; its guards may nest and end in any order, also across publishes.
// Lifetime: guards before their reader, readers before the map. A record found stays readable as long as the
//          guard that found it.
// Cost:    a lookup: the guard (see the policy), a directory word, a bucket line, the record. A publish: the
//          policy's swap(). try_begin_batch(): the buckets changed by the last batch, and freeing what it
//          replaced.
// Limits:  memory for two indexes; a guard held long keeps the writer's next batch waiting, never the reader.
// Errors:  as in the concept; publish() without try_begin_batch() aborts.
template <template <typename...> class Guards>
class Flashmap {
 public:
  using Half = flashmap::Half;
  using Policy = Guards<Half>;

  // One read section: everything it finds belongs to one revision.
  class Guard {
   public:
    explicit Guard(typename Policy::Reader& reader) noexcept : reader_(reader), held_(reader.enter()) {}
    ~Guard() { reader_.leave(held_); }
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;

    // Under RefcountGuards it may be newer than published() until publish() returns, because readers flip one
    // after another. A caller that must not run ahead of other threads waits for published() to reach it.
    std::uint64_t revision() const noexcept { return held_->revision; }
    const Record* find(const Probe& probe) const noexcept { return held_->find(probe); }
    void find_batch(std::span<const Probe> probes, std::span<const Record*> found) const noexcept {
      held_->find_batch(probes, found);
    }

   private:
    typename Policy::Reader& reader_;
    typename Policy::Held held_;
  };

  class Reader {
   public:
    explicit Reader(typename Policy::Reader reader) noexcept : reader_(std::move(reader)) {}
    Guard enter() noexcept { return Guard(reader_); }

   private:
    typename Policy::Reader reader_;
  };

  explicit Flashmap(KeyHash hash) : table_(hash), guards_(&table_.halves()[0], &table_.halves()[1]) {}
  explicit Flashmap(const EngineOptions& options) : Flashmap(options.hash) {}

  static constexpr Traits traits() noexcept {
    return {.name = "flashmap",
            .atomic_batch = true,
            .linearizable = true,
            .ordered = false,
            .bounded_garbage = true,
            .read_rmw = Policy::kReadRmw};
  }
  static constexpr std::string_view guard_name() noexcept { return Policy::kName; }

  Reader make_reader() { return Reader(guards_.make_reader()); }

  bool try_begin_batch(Nanos budget) noexcept {
    if (open_) return true;
    const Nanos began = sync::now();
    const bool drained = guards_.wait_drained(budget);
    open_wait_ = sync::now() - began;
    if (!drained) {
      ++deferred_opens_;
      return false;
    }
    table_.replay();  // the staged half has no reader (I1)
    open_ = true;
    return true;
  }

  Record* find(const Probe& probe) const noexcept { return table_.find(probe); }
  void prefetch(std::span<const Probe> probes) const noexcept { table_.prefetch(probes); }
  bool reserve(std::span<const Probe> probes) noexcept { return table_.reserve(probes); }
  void upsert(Record* record, std::uint64_t hash) noexcept { table_.upsert(record, hash); }
  void erase(const Probe& probe) noexcept { table_.erase(probe); }

  void publish(std::uint64_t revision) noexcept {
    if (!open_) {  // (I2): readers of the half that this batch changed may still be inside
      std::fputs("flashmap: publish() without try_begin_batch()\n", stderr);
      std::abort();
    }
    published_.publish(guards_, revision, [&] { table_.stage_revision(revision); });
    table_.swap_staged();
    open_ = false;
  }
  std::uint64_t published() const noexcept { return published_.load(); }

  EngineStats stats() const noexcept {
    EngineStats stats = table_.stats();
    stats.deferred_opens = deferred_opens_;
    stats.open_wait_ns = static_cast<std::uint64_t>(open_wait_);
    return stats;
  }
  const flashmap::TwinTable& table() const noexcept { return table_; }

 private:
  flashmap::TwinTable table_;
  Policy guards_;
  bool open_ = false;
  std::uint64_t deferred_opens_ = 0;
  Nanos open_wait_ = 0;
  flashmap::PublishedRevision published_;
};

using AsymmetricFlashmap = Flashmap<flashmap::AsymmetricGuards>;
using RefcountFlashmap = Flashmap<flashmap::RefcountGuards>;
static_assert(Engine<AsymmetricFlashmap> && Engine<RefcountFlashmap>);

}  // namespace flashkv
