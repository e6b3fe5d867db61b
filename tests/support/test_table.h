// Any engine by its type as the tables that tests of all engines use.
#pragma once

#include <memory>
#include <span>
#include <utility>

#include "storage/table/any_engine_of.h"
#include "tests/support/engine_cases.h"

namespace flashkv::test {

template <Engine E>
class HeldGuardOf final : public HeldGuard {
 public:
  explicit HeldGuardOf(E& engine) : reader_(engine.make_reader()), guard_(reader_.enter()) {}
  std::uint64_t revision() const noexcept override { return guard_.revision(); }
  const Record* find(const Probe& probe) const noexcept override { return guard_.find(probe); }
  void find_batch(std::span<const Probe> probes, std::span<const Record*> found) const noexcept override {
    guard_.find_batch(probes, found);
  }

 private:
  using Reader = decltype(std::declval<E&>().make_reader());
  Reader reader_;
  decltype(std::declval<Reader&>().enter()) guard_;
};

template <Engine E>
class GuardSourceOf final : public GuardSource {
 public:
  explicit GuardSourceOf(E& engine) : engine_(engine) {}
  std::unique_ptr<HeldGuard> hold() override { return std::make_unique<HeldGuardOf<E>>(engine_); }

 private:
  E& engine_;
};

// For EngineCase::make_from.
template <Engine E>
TestTable make_table(const EngineOptions& options) {
  auto table = std::make_unique<AnyEngineOf<E>>(options);
  auto guards = std::make_unique<GuardSourceOf<E>>(table->engine());
  return {std::move(table), std::move(guards)};
}

}  // namespace flashkv::test
