// The two chained engines, except for their array of buckets.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <utility>

#include "storage/engine/parts/chain/node.h"
#include "storage/engine/parts/chain/node_pool.h"
#include "storage/engine/parts/section_reader.h"
#include "storage/reclaim/epoch.h"
#include "storage/reclaim/grace_period.h"
#include "storage/reclaim/retire_list.h"
#include "storage/sync/sync.h"
#include "storage/table/engine.h"
#include "storage/table/engine_options.h"

namespace flashkv::chain {

// Purpose: an Engine (storage/table/engine.h) whose keys become visible one by one, served through
//          WithOverlay. B provides the buckets (rcu_hash/fixed_buckets.h, relativistic/resizing_buckets.h):
//            const Record* find(probe), find_batch(probes, found)   readers, inside a read section
//            Node* locate(probe), prefetch(probes)                  the writer
//            bool reserve(erasures)                                 before that many calls of unlink()
//            void insert(node);  bool unlink(node)                  false: it must stay in its chain for now
//            void advance(periods, changes)                         bounded work between batches
//            std::uint64_t keys(), index_bytes(), retired_bytes()
// Usage:   WithOverlay<ChainedEngine<reclaim::Urcu, FixedBuckets>> engine(options);
// Threads: one writer; make_reader(), published() and readers from any thread.
// Lifetime: readers are destroyed before their engine. A record stays readable as long as the guard that
//          found it.
// Cost:    a read: the section, the bucket, each node of the chain up to the key's, the record. More in
//          storage/engine/parts/chain/chain.md.
// Limits:  try_begin_batch() returns false while more than max_retired_bytes wait for readers.
template <reclaim::GracePeriods G, typename B>
class ChainedEngine {
 public:
  using Reader = SectionReader<ChainedEngine, typename G::Section>;

  template <typename... Args>
  explicit ChainedEngine(const EngineOptions& options, Args&&... args)
      : max_retired_bytes_(options.limits.max_retired_bytes), buckets_(std::forward<Args>(args)...) {}

  static constexpr Traits traits() noexcept {
    return {.name = B::kName,
            .linearizable = true,
            .bounded_garbage = true,
            .read_rmw = std::is_same_v<G, reclaim::Epoch> ? ReadRmw::kOne : ReadRmw::kNone};
  }
  G& periods() noexcept { return periods_; }
  B& buckets() noexcept { return buckets_; }

  Reader make_reader() { return Reader(*this, periods_.make_section()); }
  const Record* lookup(const Probe& probe) const noexcept { return buckets_.find(probe); }
  void lookup_batch(std::span<const Probe> probes, std::span<const Record*> found) const noexcept {
    buckets_.find_batch(probes, found);
  }

  bool try_begin_batch(Nanos) noexcept {
    if (open_ && staged_) return true;
    advance();
    retired_.collect(periods_);
    open_ = retired_bytes() <= max_retired_bytes_;
    if (!open_) ++deferred_opens_;
    return open_;
  }

  Record* find(const Probe& probe) noexcept {
    Node* node = buckets_.locate(probe);
    return node == nullptr ? nullptr : node->record.load(sync::kRelaxed);
  }
  void prefetch(std::span<const Probe> probes) noexcept { buckets_.prefetch(probes); }

  // Each key may need a node, and may retire a node and a record.
  bool reserve(std::span<const Probe> probes) noexcept {
    staged_ = true;
    const std::size_t keys = probes.size();
    if (!nodes_.reserve(keys)) return false;
    if (buckets_.reserve(nodes_.promised()) && retired_.reserve(2 * keys)) return true;
    nodes_.cancel(keys);
    return false;
  }
  void upsert(Record* record, std::uint64_t hash) noexcept {
    ++changes_;
    record->retain();
    record_bytes_ += record->bytes();
    Node* node = buckets_.locate(Probe{record->key(), hash});
    if (node == nullptr) {
      buckets_.insert(*nodes_.take(hash, record));
      return;
    }
    Record* replaced = node->record.load(sync::kRelaxed);
    node->record.store(record, sync::kRelease);  // (I3)
    retire(replaced);
  }
  void erase(const Probe& probe) noexcept {
    Node* node = buckets_.locate(probe);
    if (node == nullptr) return;
    ++changes_;
    Record* record = node->record.load(sync::kRelaxed);
    if (buckets_.unlink(*node)) retired_.retire(node, &Node::free, sizeof(Node));
    retire(record);  // (I4): no reader that enters from now on can reach it
  }

  void publish(std::uint64_t revision) noexcept {
    published_.store(revision, sync::kRelease);  // (I5)
    nodes_.drop_reservations();
    retired_.drop_reservations();
    retired_.begin(periods_);
    open_ = staged_ = false;
    advance();
  }
  std::uint64_t published() const noexcept { return published_.load(sync::kAcquire); }

  EngineStats stats() const noexcept {
    return {.keys = buckets_.keys(),
            .record_bytes = record_bytes_,
            .index_bytes = buckets_.index_bytes() + nodes_.bytes(),
            .retired_bytes = retired_bytes(),
            .deferred_opens = deferred_opens_};
  }

 private:
  static void release(void* record) noexcept { static_cast<Record*>(record)->release(); }
  void retire(Record* record) noexcept {
    record_bytes_ -= record->bytes();
    retired_.retire(record, &release, record->bytes());
  }
  std::uint64_t retired_bytes() const noexcept { return retired_.bytes() + buckets_.retired_bytes(); }
  // Advances a resize, between batches.
  void advance() noexcept { buckets_.advance(periods_, std::exchange(changes_, 0)); }

  const std::uint64_t max_retired_bytes_;
  G periods_;
  reclaim::RetireList retired_;
  NodePool nodes_;
  B buckets_;
  std::uint64_t record_bytes_ = 0;
  std::uint64_t changes_ = 0;  // keys written since the last advance()
  std::uint64_t deferred_opens_ = 0;
  bool open_ = false;
  bool staged_ = false;  // reserve() was called in this batch: nothing is collected until publish()
  alignas(sync::kOwnLine) sync::Atomic<std::uint64_t> published_{0};
};

}  // namespace flashkv::chain
