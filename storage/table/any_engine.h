// An engine behind a virtual interface: the writer and the store are compiled once, against this.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "storage/record/hash.h"
#include "storage/sync/clock.h"
#include "storage/table/engine.h"
#include "storage/table/read_handle.h"

namespace flashkv {

// Purpose: the one place of type erasure. Each call means the same as the engine's call of that name
//          (engine.h); AnyEngineOf<E> forwards it.
// Usage:   std::unique_ptr<AnyEngine> table = make_engine("flashmap", options, why);
// Threads: make_reader() and published() from any thread, everything else from the writer's.
// Lifetime: readers are destroyed before their table.
// Cost:    virtual calls: a reader makes one per request, the writer two or three per operation.
class AnyEngine {
 public:
  virtual ~AnyEngine() = default;
  virtual const Traits& traits() const noexcept = 0;
  // The guard in use, "" if the engine offers no choice.
  virtual std::string_view guard() const noexcept = 0;
  // The hash of its keys: a Probe must carry it, and the engine itself uses it.
  virtual KeyHash hash() const noexcept = 0;
  // A reader that judges expiry by `clock`. Throws std::bad_alloc.
  virtual std::unique_ptr<ReadHandle> make_reader(const Clock& clock) = 0;

  virtual bool try_begin_batch(Nanos budget) noexcept = 0;
  virtual Record* find(const Probe& probe) noexcept = 0;
  virtual void prefetch(std::span<const Probe> probes) noexcept = 0;
  virtual bool reserve(std::span<const Probe> probes) noexcept = 0;
  virtual void upsert(Record* record, std::uint64_t hash) noexcept = 0;
  virtual void erase(const Probe& probe) noexcept = 0;
  virtual void publish(std::uint64_t revision) noexcept = 0;
  virtual std::uint64_t published() const noexcept = 0;
  virtual EngineStats stats() const noexcept = 0;
};

}  // namespace flashkv
