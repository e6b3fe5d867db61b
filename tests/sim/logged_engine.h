// An engine that tells which keys were taken out of it.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "storage/table/any_engine.h"
#include "tests/support/failing_new.h"

namespace flashkv::sim {

// Purpose: passes everything on, and keeps the keys of erase() in `erased`, in order.
// Lifetime: owns the engine; `erased` outlives it.
class LoggedEngine final : public AnyEngine {
 public:
  LoggedEngine(std::unique_ptr<AnyEngine> engine, std::vector<std::string>& erased)
      : engine_(std::move(engine)), erased_(erased) {}

  const Traits& traits() const noexcept override { return engine_->traits(); }
  std::string_view guard() const noexcept override { return engine_->guard(); }
  KeyHash hash() const noexcept override { return engine_->hash(); }
  std::unique_ptr<ReadHandle> make_reader(const Clock& clock) override { return engine_->make_reader(clock); }
  bool try_begin_batch(Nanos budget) noexcept override { return engine_->try_begin_batch(budget); }
  Record* find(const Probe& probe) noexcept override { return engine_->find(probe); }
  void prefetch(std::span<const Probe> probes) noexcept override { engine_->prefetch(probes); }
  bool reserve(std::span<const Probe> probes) noexcept override { return engine_->reserve(probes); }
  void upsert(Record* record, std::uint64_t hash) noexcept override { engine_->upsert(record, hash); }
  void erase(const Probe& probe) noexcept override {
    const long left = std::exchange(test::allocations_left, -1);
    erased_.emplace_back(probe.key);
    test::allocations_left = left;
    engine_->erase(probe);
  }
  void publish(std::uint64_t revision) noexcept override { engine_->publish(revision); }
  std::uint64_t published() const noexcept override { return engine_->published(); }
  EngineStats stats() const noexcept override { return engine_->stats(); }

 private:
  std::unique_ptr<AnyEngine> engine_;
  std::vector<std::string>& erased_;
};

}  // namespace flashkv::sim
