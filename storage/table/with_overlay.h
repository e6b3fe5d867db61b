// Adapts an engine whose changes are visible at once to the writer's batches.
#pragma once

#include <cstdint>
#include <span>
#include <utility>

#include "storage/table/engine.h"
#include "storage/table/overlay_changes.h"

namespace flashkv {

// Purpose: holds a batch back from the engine E until publish(); until then only the writer sees it.
//          Satisfies Engine itself, with E's traits: at publish() the keys become visible one after the
//          other, so a reader may see part of a batch that is being published, but nothing of a batch before
//          that.
// Usage:   WithOverlay<MyEngine> engine(constructor_arguments...);
// Threads, Lifetime: as E.
// Cost:    a second lookup for each key the writer looks up; publish() applies the whole batch.
// Errors:  reserve() reserves here and in E; E's reservations must add up over the batch, as engine.h
//          requires.
template <Engine E>
class WithOverlay {
 public:
  template <typename... Args>
  explicit WithOverlay(Args&&... args) : below_(std::forward<Args>(args)...) {}

  static constexpr Traits traits() noexcept { return E::traits(); }
  E& below() noexcept { return below_; }
  auto make_reader() { return below_.make_reader(); }

  bool try_begin_batch(Nanos budget) noexcept { return below_.try_begin_batch(budget); }

  Record* find(const Probe& probe) noexcept {
    if (const auto* c = changes_.find(probe)) return c->staged;
    return below_.find(probe);
  }
  void prefetch(std::span<const Probe> probes) noexcept { below_.prefetch(probes); }

  bool reserve(std::span<const Probe> probes) noexcept {
    return changes_.reserve(probes.size()) && below_.reserve(probes);
  }
  void upsert(Record* record, std::uint64_t hash) noexcept {
    changes_.put(below_.find(Probe{record->key(), hash}), record, hash);
  }
  void erase(const Probe& probe) noexcept { changes_.erase(below_.find(probe), probe); }

  void publish(std::uint64_t revision) noexcept {
    for (const auto& c : changes_.all()) {
      if (!c.live) continue;
      if (c.staged != nullptr) {
        below_.upsert(c.staged, c.hash);
      } else {
        below_.erase(Probe{c.base->key(), c.hash});
      }
    }
    changes_.clear();
    below_.publish(revision);
  }
  std::uint64_t published() noexcept { return below_.published(); }

  // Sizes of the staged state: the engine's, plus the changes not in it yet.
  EngineStats stats() const noexcept {
    EngineStats s = below_.stats();
    s.keys += static_cast<std::uint64_t>(changes_.key_delta());
    s.record_bytes += static_cast<std::uint64_t>(changes_.byte_delta());
    return s;
  }

 private:
  E below_;
  OverlayChanges changes_;
};

}  // namespace flashkv
