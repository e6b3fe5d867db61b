#include "tests/bench/engines/floor.h"

#include "storage/engine/critnib/critnib.h"
#include "storage/engine/cuckoo/copying.h"
#include "storage/engine/cuckoo/rwlock.h"
#include "storage/engine/flashmap/any_flashmap.h"
#include "storage/engine/perfect_hash/perfect_hash.h"
#include "storage/engine/radix/radix.h"
#include "storage/engine/rcu_hash/rcu_hash.h"
#include "storage/engine/relativistic/relativistic.h"
#include "storage/reclaim/default_periods.h"
#include "storage/table/any_engine_of.h"

namespace flashkv::bench {
namespace {

// Where the records are, one function a structure. What is atomic there is read with acquire or relaxed
// loads, which are plain ones on x86.
template <typename E>
const Record* plain_find(WithOverlay<E>& engine, const Probe& probe) noexcept {
  return engine.below().lookup(probe);
}
template <template <typename> class Guards>
const Record* plain_find(Flashmap<Guards>& engine, const Probe& probe) noexcept {
  const auto& table = engine.table();
  return table.half(1 - table.staged()).find(probe);
}
template <typename Access>
const Record* plain_find(CopyingCuckoo<Access>& engine, const Probe& probe) noexcept {
  return engine.access().current().find(probe);
}
inline const Record* plain_find(CuckooRwlock& engine, const Probe& probe) noexcept {
  return engine.staged().find(probe);
}

template <typename Access>
const Record* plain_find(WithOverlay<PerfectHash<Access>>& engine, const Probe& probe) noexcept {
  for (const auto* top = engine.below().arrays().readable();; top = top->next()) {
    const perfect_hash::SlotValue seen(top->slot(probe.hash).content.load(sync::kRelaxed));
    if (!seen.is_moved()) return seen.look(probe.hash).find(probe.key);
  }
}

// As ReadHandleOf, less the guard and the revision.
template <typename E>
class PlainReader final : public ReadHandle {
 public:
  explicit PlainReader(AnyEngineOf<E>& table) : engine_(table.engine()), hash_(table.hash()) {}
  std::uint64_t get(std::string_view key, Lookup& out) override {
    const Record* record = plain_find(engine_, Probe{key, hash_(key)});
    out.found = record != nullptr && record->expires_at_ms() == 0;
    if (!out.found) return 0;
    out.create_revision = record->create_revision();
    out.mod_revision = record->mod_revision();
    out.version = record->version();
    out.expires_at_ms = 0;
    if (out.value != nullptr) out.value->assign(record->value());
    return out.mod_revision;
  }
  std::uint64_t multi_get(std::span<const std::string_view>, std::span<Lookup>, std::uint64_t,
                          bool&) override {
    return 0;
  }
  std::uint64_t published_revision() const noexcept override { return 0; }

 private:
  E& engine_;
  KeyHash hash_;
};

using Make = std::unique_ptr<ReadHandle> (*)(AnyEngine&);
using Periods = reclaim::DefaultPeriods;

template <typename E>
Make of(AnyEngine& table) {
  if (dynamic_cast<AnyEngineOf<E>*>(&table) == nullptr) return nullptr;
  return [](AnyEngine& same) -> std::unique_ptr<ReadHandle> {
    return std::make_unique<PlainReader<E>>(static_cast<AnyEngineOf<E>&>(same));
  };
}

template <typename... Engines>
Make any_of(AnyEngine& table) {
  Make found = nullptr;
  ((found = found != nullptr ? found : of<Engines>(table)), ...);
  return found;
}

Make reader_of(AnyEngine& table) {
  return any_of<AsymmetricFlashmap, RefcountFlashmap, WithOverlay<Relativistic<Periods>>,
                WithOverlay<RcuHash<Periods>>, WithOverlay<RadixEngine<Periods>>,
                WithOverlay<CompressedRadixEngine<Periods>>, WithOverlay<LeakingCritnibEngine<Periods>>,
                WithOverlay<PerfectHashLeak>, WithOverlay<PerfectHashDeletionLock>, CuckooRwlock,
                CuckooDeletionLock, CuckooLeak>(table);
}

}  // namespace

Floor::Floor(const Contestant& contestant, AnyEngine& table) : table_(table) {
  if (contestant.engine == "critnib") {
    Contestant unguarded = contestant;
    unguarded.engine = "critnib-leak";
    own_ = make_contestant(unguarded);
  }
  make_ = reader_of(own_ ? *own_ : table_);
}

}  // namespace flashkv::bench
