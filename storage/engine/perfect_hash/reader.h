// The read side of the perfect-hash engines.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "storage/engine/perfect_hash/slot_value.h"
#include "storage/table/engine.h"

namespace flashkv::perfect_hash {

// Purpose: EngineReader and EngineGuard over an engine E with access(), arrays() and published(). What keeps
//          that which a guard found is the access's Pin.
// Threads: bound to one; any number of guards of one reader may nest.
// Cost:    a key: the top array's line, the bucket's three if there is one, the record; while the table grows
//          one more line for each array passed. Batches overlap them.
template <typename E>
class Reader {
 public:
  class Guard {
   public:
    explicit Guard(E& engine) noexcept
        : engine_(engine), revision_(engine.published()), pin_(engine.access()) {}
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;

    std::uint64_t revision() const noexcept { return revision_; }
    const Record* find(const Probe& probe) const noexcept {
      return content(probe.hash).look(probe.hash).find(probe.key);
    }
    void find_batch(std::span<const Probe> probes, std::span<const Record*> found) const noexcept {
      pin_.expect(probes.size());
      for (std::size_t first = 0; first < probes.size(); first += kGroup) {
        const std::size_t count = std::min(kGroup, probes.size() - first);
        find_group(probes.subspan(first, count), found.subspan(first, count));
      }
    }

   private:
    // Keys whose cache misses overlap.
    static constexpr std::size_t kGroup = 16;

    SlotValue content(std::uint64_t word) const noexcept {
      for (const auto* top = engine_.arrays().readable();; top = top->next()) {
        const SlotValue seen = pin_.read(top->slot(word));
        if (!seen.is_moved()) return seen;
      }
    }

    // All keys go one step, then all the next.
    void find_group(std::span<const Probe> probes, std::span<const Record*> found) const noexcept {
      std::array<SlotValue, kGroup> contents;
      std::array<Leaf, kGroup> leaves;
      const auto* top = engine_.arrays().readable();
      for (const Probe& p : probes) __builtin_prefetch(&top->slot(p.hash));
      for (std::size_t i = 0; i < probes.size(); ++i) {
        contents[i] = content(probes[i].hash);
        if (const Bucket* bucket = contents[i].bucket()) __builtin_prefetch(bucket);
      }
      for (std::size_t i = 0; i < probes.size(); ++i) {
        if (const Bucket* bucket = contents[i].bucket()) __builtin_prefetch(bucket->place(probes[i].hash));
      }
      for (std::size_t i = 0; i < probes.size(); ++i) {
        leaves[i] = contents[i].look(probes[i].hash);
        __builtin_prefetch(leaves[i].single());
      }
      for (std::size_t i = 0; i < probes.size(); ++i) found[i] = leaves[i].find(probes[i].key);
    }

    E& engine_;
    const std::uint64_t revision_;
    mutable typename E::Access::Pin pin_;
  };

  explicit Reader(E& engine) noexcept : engine_(&engine) {}
  Guard enter() noexcept { return Guard(*engine_); }

 private:
  E* engine_;
};

}  // namespace flashkv::perfect_hash
