// An engine whose type is not known: what the writer and the store are compiled against, once.
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

// Purpose: the one place of type erasure. Each call means what the engine's of the same name means
//          (engine.h); AnyEngineOf<E> forwards it.
// Usage:   std::unique_ptr<AnyEngine> table = make_engine("flashmap", options, why);
// Threads: make_reader() and published() from any thread, everything else from the writer's.
// Lifetime: readers die before their table.
// Cost:    one virtual call: for a reader one a request, for the writer two or three an operation.
class AnyEngine {
 public:
  virtual ~AnyEngine() = default;
  virtual const Traits& traits() const noexcept = 0;
  // The guard in use, "" where the engine has no choice.
  virtual std::string_view guard() const noexcept = 0;
  // How its keys are hashed: by whoever makes a Probe for it, and by the engine.
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
