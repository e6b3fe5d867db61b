// The engine "cuckoo-rwlock": a cuckoo table under a readers-writer lock, the baseline for the others.
#pragma once

#include <cstdint>
#include <span>

#include "storage/engine/cuckoo/draft.h"
#include "storage/engine/cuckoo/reader.h"
#include "storage/engine/cuckoo/rwlock_access.h"
#include "storage/table/engine.h"
#include "storage/table/engine_options.h"
#include "storage/table/read_handle_of.h"

namespace flashkv {

// Purpose: an Engine with atomic batches and two tables. A batch changes the table that no reader has;
//          publish() shows it in one step; the next try_begin_batch() waits for readers of the other table
//          and copies the changed buckets to it.
// Usage:   CuckooRwlock engine(options);
// Threads: one writer; make_reader(), published() and readers from any thread. A guard ends on the thread
//          that opened it.
// Lifetime: readers are destroyed before their engine.
// Cost:    a read: a shared lock and its release, one or two lines, the record. A batch: two lines per key,
//          twice.
// Limits:  a guard that stays open lets one more batch be published and blocks the one after.
class CuckooRwlock {
 public:
  using Reader = cuckoo::Reader<cuckoo::RwlockAccess>;

  explicit CuckooRwlock(const EngineOptions&, cuckoo::GrowthLimits limits = {})
      : draft_(retired_, cuckoo::Draft::Replay::kYes, limits) {}
  ~CuckooRwlock() {
    // The newest state, published or not, is the one that owns records.
    if (draft_.table() == nullptr) draft_.begin(access_.take_current());
  }

  static constexpr Traits traits() noexcept {
    return {.name = "cuckoo-rwlock",
            .atomic_batch = true,
            .linearizable = true,
            .bounded_garbage = true,
            .read_rmw = ReadRmw::kLock};
  }

  Reader make_reader() noexcept { return Reader(access_); }
  const cuckoo::Table& staged() const noexcept {
    return draft_.table() != nullptr ? *draft_.table() : access_.current();
  }

  bool try_begin_batch(Nanos budget) noexcept {
    if (open_) return true;
    open_wait_ns_ = 0;
    if (draft_.table() == nullptr) {
      if (!await_readers(budget)) {
        ++deferred_opens_;
        return false;
      }
      draft_.begin(draft_.replay(access_.take_other(), access_.current()));
      retired_.collect(nobody_);  // (I4)
    }
    return open_ = true;
  }

  Record* find(const Probe& probe) noexcept { return draft_.find(probe); }
  void prefetch(std::span<const Probe> probes) noexcept { staged().prefetch(probes); }
  bool reserve(std::span<const Probe> probes) noexcept { return draft_.reserve(probes); }
  void upsert(Record* record, std::uint64_t hash) noexcept { draft_.upsert(record, hash); }
  void erase(const Probe& probe) noexcept { draft_.erase(probe); }

  void publish(std::uint64_t revision) noexcept {
    const bool changed = draft_.changed();
    draft_.seal();
    retired_.drop_reservations();
    if (changed) {
      Table* table = draft_.take();
      table->set_revision(revision);
      access_.publish(table);
    } else {
      access_.current().set_revision(revision);
    }
    published_.store(revision, sync::kRelease);  // (I2)
    open_ = false;
  }
  std::uint64_t published() const noexcept { return published_.load(sync::kAcquire); }

  EngineStats stats() const noexcept {
    return {.keys = draft_.keys(),
            .record_bytes = draft_.record_bytes(),
            .index_bytes = access_.current().bytes() + access_.other_bytes() + draft_.bytes(),
            .retired_bytes = retired_.bytes(),
            .deferred_opens = deferred_opens_,
            .open_wait_ns = open_wait_ns_};
  }

 private:
  using Table = cuckoo::Table;
  // Once the other table is free of readers and level, no reader holds what was retired.
  struct Nobody {
    reclaim::Ticket start() noexcept { return 1; }
    bool ended(reclaim::Ticket) noexcept { return true; }
  };

  bool await_readers(Nanos budget) noexcept {
    if (access_.other_is_free()) return true;
    if (budget <= 0) return false;
    const Nanos start = sync::now();
    const Nanos deadline = budget > kNever - start ? kNever : start + budget;
    bool free = false;
    for (unsigned look = 0; !free; ++look) {
      const Nanos now = sync::now();
      if (now >= deadline) break;
      sync::back_off(look, deadline - now);
      free = access_.other_is_free();
    }
    open_wait_ns_ = static_cast<std::uint64_t>(sync::now() - start);
    return free;
  }

  reclaim::RetireList retired_;  // records and chains
  cuckoo::Draft draft_;
  cuckoo::RwlockAccess access_;
  Nobody nobody_;
  std::uint64_t deferred_opens_ = 0;
  std::uint64_t open_wait_ns_ = 0;
  bool open_ = false;
  alignas(sync::kOwnLine) sync::Atomic<std::uint64_t> published_{0};
};
static_assert(Engine<CuckooRwlock>);

// One store shows the new table to every reader.
template <>
inline constexpr bool kReadersMoveAtOnce<CuckooRwlock> = true;

}  // namespace flashkv
