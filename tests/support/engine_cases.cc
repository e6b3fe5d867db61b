#include "tests/support/engine_cases.h"

#include <utility>

#include "storage/engine/critnib/critnib.h"
#include "storage/engine/cuckoo/copying.h"
#include "storage/engine/cuckoo/rwlock.h"
#include "storage/engine/flashmap/any_flashmap.h"
#include "storage/engine/perfect_hash/perfect_hash.h"
#include "storage/engine/radix/radix.h"
#include "storage/engine/rcu_hash/rcu_hash.h"
#include "storage/engine/relativistic/relativistic.h"
#include "storage/reclaim/default_periods.h"
#include "storage/reclaim/epoch.h"
#include "storage/table/any_engine_of.h"
#include "tests/support/engines/locked_map.h"
#include "tests/support/engines/twin_map.h"

namespace flashkv::test {
namespace {

template <Engine E>
class Held final : public HeldGuard {
 public:
  explicit Held(E& engine) : reader_(engine.make_reader()), guard_(reader_.enter()) {}
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
class Source final : public GuardSource {
 public:
  explicit Source(E& engine) : engine_(engine) {}
  std::unique_ptr<HeldGuard> hold() override { return std::make_unique<Held<E>>(engine_); }

 private:
  E& engine_;
};

template <Engine E>
TestTable make(const EngineOptions& options) {
  auto table = std::make_unique<AnyEngineOf<E>>(options.hash);
  auto guards = std::make_unique<Source<E>>(table->engine());
  return {std::move(table), std::move(guards)};
}

// Small enough for chains and resizes in tests of a few keys.
template <reclaim::GracePeriods G>
struct SmallRcuHash : RcuHash<G> {
  explicit SmallRcuHash(const EngineOptions& options) : RcuHash<G>(options, 4U) {}
};
template <reclaim::GracePeriods G>
struct SmallRelativistic : Relativistic<G> {
  explicit SmallRelativistic(const EngineOptions& options)
      : Relativistic<G>(options, ResizingBuckets::Pace{.min_log2 = 1, .units = 32}) {}
};

template <Engine E>
TestTable make_from_options(const EngineOptions& options) {
  auto table = std::make_unique<AnyEngineOf<E>>(options);
  auto guards = std::make_unique<Source<E>>(table->engine());
  return {std::move(table), std::move(guards)};
}

template <reclaim::GracePeriods G>
std::vector<EngineCase> cases_over() {
  return {
      {"locked_map", &make<WithOverlay<LockedMap>>, false},
      {"twin_map", &make<TwinMap>, true},
      {"flashmap_refcount", &make<RefcountFlashmap>, true},
      {"flashmap_asymmetric", &make<AsymmetricFlashmap>, true},
      {"rcu_hash", &make_from_options<WithOverlay<SmallRcuHash<G>>>, false},
      {"relativistic", &make_from_options<WithOverlay<SmallRelativistic<G>>>, false},
      {"radix", &make_from_options<WithOverlay<RadixEngine<G>>>, false},
      {"radix_compressed", &make_from_options<WithOverlay<CompressedRadixEngine<G>>>, false},
      {"critnib", &make_from_options<WithOverlay<CritnibEngine<G>>>, false},
      {"critnib_leak", &make_from_options<WithOverlay<LeakingCritnibEngine<G>>>, false},
      {"cuckoo_rwlock", &make_from_options<CuckooRwlock>, true},
      {"cuckoo_deletion_lock", &make_from_options<CuckooDeletionLock>, false},
      {"cuckoo_leak", &make_from_options<CuckooLeak>, false},
      {"perfect_hash_deletion_lock", &make_from_options<WithOverlay<PerfectHashDeletionLock>>, false},
      {"perfect_hash_leak", &make_from_options<WithOverlay<PerfectHashLeak>>, false},
  };
}

}  // namespace

const std::vector<EngineCase>& engine_cases() {
  static const std::vector<EngineCase> cases = cases_over<reclaim::Epoch>();
  return cases;
}
const std::vector<EngineCase>& served_cases() {
  static const std::vector<EngineCase> cases = cases_over<reclaim::DefaultPeriods>();
  return cases;
}

}  // namespace flashkv::test
