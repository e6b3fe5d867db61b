// The cuckoo engines whose tables never change once they are published: each batch makes a new one.
#pragma once

#include <cstdint>
#include <span>

#include "storage/engine/cuckoo/deletion_lock_access.h"
#include "storage/engine/cuckoo/draft.h"
#include "storage/engine/cuckoo/leak_access.h"
#include "storage/engine/cuckoo/reader.h"
#include "storage/table/engine.h"
#include "storage/table/engine_options.h"
#include "storage/table/read_handle_of.h"

namespace flashkv {

// Purpose: an Engine with atomic batches. The first reserve() of a batch copies the published table, the
//          batch changes the copy, publish() shows it in one step. Access decides how readers reach a table
//          and when it is freed: cuckoo/deletion_lock_access.h, cuckoo/leak_access.h.
// Usage:   CuckooDeletionLock engine(options);   // or CuckooLeak
// Threads: one writer; make_reader(), published() and readers from any thread.
// Lifetime: readers are destroyed before their engine.
// Cost:    a read: the access's cost, one or two lines, the record. A batch, however small: a copy of the
//          whole table.
// Limits:  above max_retired_bytes, try_begin_batch() of the engine that frees returns false until
//          readers leave; reserve() of the one that leaks returns false from then on.
template <typename Access>
class CopyingCuckoo {
 public:
  using Reader = cuckoo::Reader<Access>;

  explicit CopyingCuckoo(const EngineOptions& options, cuckoo::GrowthLimits limits = {})
      : max_retired_bytes_(options.limits.max_retired_bytes),
        draft_(retired_, cuckoo::Draft::Replay::kNo, limits),
        access_(cuckoo::Table::make_first()) {}
  ~CopyingCuckoo() {
    // The newest state, published or not, is the one that owns records.
    if (draft_.table() == nullptr) draft_.begin(access_.take_current());
  }

  static constexpr Traits traits() noexcept {
    return {.name = Access::kName,
            .atomic_batch = true,
            .linearizable = true,
            .bounded_garbage = !Access::kLeaks,
            .read_rmw = Access::kReadRmw};
  }

  Reader make_reader() noexcept { return Reader(access_); }
  Access& access() noexcept { return access_; }
  const cuckoo::Table& staged() const noexcept {
    return draft_.table() != nullptr ? *draft_.table() : access_.current();
  }

  bool try_begin_batch(Nanos) noexcept {
    if (open_ && staged_) return true;
    access_.collect(retired_);
    open_ = Access::kLeaks || (access_.has_room() && retired_bytes() <= max_retired_bytes_);
    if (!open_) ++deferred_opens_;
    return open_;
  }

  Record* find(const Probe& probe) noexcept {
    if (draft_.table() != nullptr) return draft_.find(probe);
    return const_cast<Record*>(access_.current().find(probe));
  }
  void prefetch(std::span<const Probe> probes) noexcept { staged().prefetch(probes); }

  bool reserve(std::span<const Probe> probes) noexcept {
    if (leak_full()) return false;
    staged_ = true;
    if (draft_.table() == nullptr) {
      cuckoo::Table* copy = access_.current().copy();
      if (copy == nullptr) return false;
      draft_.begin(copy);
    }
    return draft_.reserve(probes);
  }
  void upsert(Record* record, std::uint64_t hash) noexcept { draft_.upsert(record, hash); }
  void erase(const Probe& probe) noexcept { draft_.erase(probe); }

  void publish(std::uint64_t revision) noexcept {
    const bool changed = draft_.changed();
    if (draft_.table() != nullptr) draft_.seal();
    retired_.drop_reservations();
    if (changed) {
      cuckoo::Table* table = draft_.take();
      table->set_revision(revision);
      access_.publish(table);
      access_.end_batch(retired_);
    } else {
      // An unchanged copy is still a copy of the published table, and serves the next batch.
      access_.current().set_revision(revision);
    }
    published_.store(revision, sync::kRelease);  // (I2)
    open_ = staged_ = false;
  }
  std::uint64_t published() const noexcept { return published_.load(sync::kAcquire); }

  EngineStats stats() const noexcept {
    return {.keys = draft_.keys(),
            .record_bytes = draft_.record_bytes(),
            .index_bytes = access_.current().bytes() + draft_.bytes(),
            .retired_bytes = retired_bytes(),
            .leaked_bytes = Access::kLeaks ? retired_bytes() : 0,
            .leak_full = leak_full(),
            .deferred_opens = deferred_opens_};
  }

 private:
  bool leak_full() const noexcept { return Access::kLeaks && retired_bytes() > max_retired_bytes_; }
  std::uint64_t retired_bytes() const noexcept { return access_.retired_bytes() + retired_.bytes(); }

  const std::uint64_t max_retired_bytes_;
  reclaim::RetireList retired_;  // records and chains
  cuckoo::Draft draft_;
  Access access_;
  std::uint64_t deferred_opens_ = 0;
  bool open_ = false;
  bool staged_ = false;  // reserve() was called in this batch: nothing is collected until publish()
  alignas(sync::kOwnLine) sync::Atomic<std::uint64_t> published_{0};
};

using CuckooDeletionLock = CopyingCuckoo<cuckoo::DeletionLockAccess>;
using CuckooLeak = CopyingCuckoo<cuckoo::LeakAccess>;

static_assert(Engine<CuckooDeletionLock>);
static_assert(Engine<CuckooLeak>);

// One store shows the new table to every reader.
template <typename Access>
inline constexpr bool kReadersMoveAtOnce<CopyingCuckoo<Access>> = true;

}  // namespace flashkv
