#include "tests/support/engine_cases.h"

#include "storage/engine/critnib/critnib.h"
#include "storage/engine/cuckoo/copying.h"
#include "storage/engine/cuckoo/rwlock.h"
#include "storage/engine/flashmap/any_flashmap.h"
#include "storage/engine/perfect_hash/perfect_hash.h"
#include "storage/engine/radix/radix.h"
#include "storage/reclaim/default_periods.h"
#include "storage/reclaim/epoch.h"
#include "tests/support/engines/locked_map.h"
#include "tests/support/engines/small_chains.h"
#include "tests/support/engines/twin_map.h"
#include "tests/support/test_table.h"

namespace flashkv::test {
namespace {

template <reclaim::GracePeriods G>
std::vector<EngineCase> cases_over() {
  return {
      {"locked_map", &make_table<WithOverlay<LockedMap>>, false},
      {"twin_map", &make_table<TwinMap>, true},
      {"flashmap_refcount", &make_table<RefcountFlashmap>, true},
      {"flashmap_asymmetric", &make_table<AsymmetricFlashmap>, true},
      {"rcu_hash", &make_table<WithOverlay<SmallRcuHash<G>>>, false},
      {"relativistic", &make_table<WithOverlay<SmallRelativistic<G>>>, false},
      {"radix", &make_table<WithOverlay<RadixEngine<G>>>, false},
      {"radix_compressed", &make_table<WithOverlay<CompressedRadixEngine<G>>>, false},
      {"critnib", &make_table<WithOverlay<CritnibEngine<G>>>, false},
      {"critnib_leak", &make_table<WithOverlay<LeakingCritnibEngine<G>>>, false},
      {"cuckoo_rwlock", &make_table<CuckooRwlock>, true},
      {"cuckoo_deletion_lock", &make_table<CuckooDeletionLock>, false},
      {"cuckoo_leak", &make_table<CuckooLeak>, false},
      {"perfect_hash_deletion_lock", &make_table<WithOverlay<PerfectHashDeletionLock>>, false},
      {"perfect_hash_leak", &make_table<WithOverlay<PerfectHashLeak>>, false},
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
