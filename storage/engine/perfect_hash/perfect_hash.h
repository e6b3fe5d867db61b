// The perfect-hash engines: two levels of hashing, the second without collisions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "storage/engine/parts/batch_words.h"
#include "storage/engine/perfect_hash/deletion_lock_access.h"
#include "storage/engine/perfect_hash/index.h"
#include "storage/engine/perfect_hash/leak_access.h"
#include "storage/engine/perfect_hash/reader.h"
#include "storage/sync/sync.h"
#include "storage/table/engine.h"
#include "storage/table/engine_options.h"
#include "storage/table/with_overlay.h"

namespace flashkv {

// Purpose: an Engine whose buckets never change: a batch builds a new one for every slot it writes to, and
//          publish() shows them one by one, so it is served through WithOverlay. A decides how readers reach
//          a bucket and when it is freed: perfect_hash/leak_access.h, perfect_hash/deletion_lock_access.h.
// Usage:   WithOverlay<PerfectHashDeletionLock> engine(options);   // or PerfectHashLeak
// Threads: one writer; make_reader(), published() and readers from any thread.
// Lifetime: readers are destroyed before their engine.
// Cost:    perfect_hash/perfect_hash.md.
// Limits:  255 words in a slot that cannot move. While the table grows, all keys of a batch must be reserved
//          before the first is applied, as WithOverlay does. Above max_retired_bytes,
//          try_begin_batch() of the engine that frees returns false until readers leave; reserve() of the one
//          that leaks returns false for ever.
template <typename A>
class PerfectHash {
 public:
  using Access = A;
  using Orders = typename A::Parameters::Orders;
  using Reader = perfect_hash::Reader<PerfectHash>;

  explicit PerfectHash(const EngineOptions& options)
      : max_retired_bytes_(options.limits.max_retired_bytes), index_(options, access_, words_) {}

  static constexpr Traits traits() noexcept {
    return {.name = A::kName, .linearizable = true, .bounded_garbage = !A::kLeaks, .read_rmw = A::kReadRmw};
  }
  Reader make_reader() noexcept { return Reader(*this); }
  A& access() noexcept { return access_; }
  const auto& arrays() const noexcept { return index_.arrays(); }
  auto& index() noexcept { return index_; }

  bool try_begin_batch(Nanos) noexcept {
    if (!words_.empty()) return true;
    access_.collect();
    if (A::kLeaks ? leak_full() : access_.retired_bytes() > max_retired_bytes_) {
      if (A::kLeaks) return true;  // reserve() refuses
      ++deferred_opens_;
      return false;
    }
    index_.advance(kUnits);
    return true;
  }

  Record* find(const Probe& probe) noexcept { return index_.look(probe.hash).find(probe.key); }
  void prefetch(std::span<const Probe> probes) noexcept {
    for (const Probe& p : probes) __builtin_prefetch(&arrays().first().slot(p.hash));
  }

  bool reserve(std::span<const Probe> probes) noexcept {
    if (leak_full()) return false;
    std::size_t done = 0;
    while (done < probes.size() && reserve(probes[done])) ++done;
    if (done == probes.size()) return true;
    for (std::size_t i = 0; i < done; ++i) words_.remove(probes[i].hash);
    if (words_.empty()) lapse();
    return false;
  }

  void upsert(Record* record, std::uint64_t hash) noexcept {
    record->retain();
    record_bytes_ += record->bytes();
    ++keys_;
    perfect_hash::Draft& draft = index_.draft(hash);
    apply(draft, hash, draft.look(hash).with(record, words_.chains()));
  }
  void erase(const Probe& probe) noexcept {
    perfect_hash::Draft& draft = index_.draft(probe.hash);
    const LeafChange change = draft.look(probe.hash).without(probe.key, words_.chains());
    if (change.removed != nullptr) apply(draft, probe.hash, change);
  }

  void publish(std::uint64_t revision) noexcept {
    index_.publish();
    lapse();
    // A reader that loads this revision sees every slot that was stored before (I1).
    published_.store(revision, Orders::kPublish);
  }
  std::uint64_t published() const noexcept { return published_.load(Orders::kRevision); }

  EngineStats stats() const noexcept {
    return {.keys = keys_,
            .record_bytes = record_bytes_,
            .index_bytes = index_.bytes() + chain_bytes_,
            .retired_bytes = access_.retired_bytes(),
            .leaked_bytes = A::kLeaks ? access_.retired_bytes() : 0,
            .leak_full = leak_full(),
            .deferred_opens = deferred_opens_};
  }

 private:
  // Words and slots that a growing table moves before each batch: 15 slots at kMostLoad, 3 to 7 us each.
  static constexpr std::size_t kUnits = 256;

  bool leak_full() const noexcept { return A::kLeaks && access_.retired_bytes() > max_retired_bytes_; }

  bool reserve(const Probe& probe) noexcept {
    const perfect_hash::Draft* draft = index_.open(probe.hash);
    BatchWords::Promise promise;
    return draft != nullptr && words_.add(probe.hash, probe.key, draft->look(probe.hash), promise);
  }
  void apply(perfect_hash::Draft& draft, std::uint64_t word, const LeafChange& change) noexcept {
    if (change.removed != nullptr) {
      record_bytes_ -= change.removed->bytes();
      --keys_;
    }
    if (change.chain != nullptr) chain_bytes_ -= change.chain->bytes();
    if (change.after.is_chain()) chain_bytes_ += change.after.chain()->bytes();
    draft.set(word, change.after);
    change.retire(*draft.garbage);
  }
  void lapse() noexcept {
    index_.drop();
    words_.drop_reservations();
    access_.drop_reservations();
  }

  const std::uint64_t max_retired_bytes_;
  A access_;
  BatchWords words_;
  perfect_hash::Index<A> index_;
  std::uint64_t keys_ = 0;
  std::uint64_t record_bytes_ = 0;
  std::uint64_t chain_bytes_ = 0;
  std::uint64_t deferred_opens_ = 0;
  alignas(sync::kOwnLine) sync::Atomic<std::uint64_t> published_{0};
};

using PerfectHashLeak = PerfectHash<perfect_hash::LeakAccess<>>;
using PerfectHashDeletionLock = PerfectHash<perfect_hash::DeletionLockAccess<>>;

static_assert(Engine<PerfectHashLeak>);
static_assert(Engine<PerfectHashDeletionLock>);

}  // namespace flashkv
