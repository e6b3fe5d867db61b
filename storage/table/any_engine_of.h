// From an engine's type to an AnyEngine.
#pragma once

#include <concepts>
#include <memory>
#include <string_view>

#include "storage/table/any_engine.h"
#include "storage/table/engine_options.h"
#include "storage/table/read_handle_of.h"
#include "storage/table/with_overlay.h"

namespace flashkv {

// Purpose: AnyEngine over the engine E, which it owns and makes from the hash or the options. Each
//          engine's is instantiated in one source, its engine.cc. An engine whose batches are not atomic
//          comes as WithOverlay<E>.
// Usage:   auto table = std::make_unique<AnyEngineOf<MyEngine>>(KeyHash{seed});
//          auto other = std::make_unique<AnyEngineOf<WithOverlay<OtherEngine>>>(KeyHash{seed});
//          table->engine().make_reader();   // for tests: guards of any lifetime
// Threads, Lifetime, Cost: as AnyEngine.
template <Engine E>
class AnyEngineOf final : public AnyEngine {
 public:
  explicit AnyEngineOf(KeyHash hash, std::string_view guard = "")
      : engine_(hash), hash_(hash), guard_(guard), traits_(E::traits()) {}
  explicit AnyEngineOf(const EngineOptions& options) requires std::constructible_from<E, const EngineOptions&>
      : engine_(options), hash_(options.hash), traits_(E::traits()) {}

  E& engine() noexcept { return engine_; }

  const Traits& traits() const noexcept override { return traits_; }
  std::string_view guard() const noexcept override { return guard_; }
  KeyHash hash() const noexcept override { return hash_; }
  std::unique_ptr<ReadHandle> make_reader(const Clock& clock) override {
    return std::make_unique<ReadHandleOf<E>>(engine_, hash_, clock);
  }
  bool try_begin_batch(Nanos budget) noexcept override { return engine_.try_begin_batch(budget); }
  Record* find(const Probe& probe) noexcept override { return engine_.find(probe); }
  void prefetch(std::span<const Probe> probes) noexcept override { engine_.prefetch(probes); }
  bool reserve(std::span<const Probe> probes) noexcept override { return engine_.reserve(probes); }
  void upsert(Record* record, std::uint64_t hash) noexcept override { engine_.upsert(record, hash); }
  void erase(const Probe& probe) noexcept override { engine_.erase(probe); }
  void publish(std::uint64_t revision) noexcept override { engine_.publish(revision); }
  std::uint64_t published() const noexcept override { return engine_.published(); }
  EngineStats stats() const noexcept override { return engine_.stats(); }

 private:
  // mutable: AnyEngine::published() is const, an engine's need not be.
  mutable E engine_;
  KeyHash hash_;
  std::string_view guard_;
  Traits traits_;
};

}  // namespace flashkv
