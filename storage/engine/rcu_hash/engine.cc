#include <array>
#include <span>

#include "storage/engine/rcu_hash/rcu_hash.h"
#include "storage/reclaim/default_periods.h"
#include "storage/table/any_engine_of.h"
#include "storage/table/engine_row.h"

namespace flashkv {
namespace {

using Served = AnyEngineOf<WithOverlay<RcuHash<reclaim::DefaultPeriods>>>;

constexpr std::array kRows{EngineRow{"rcu-hash", false, false, &make_engine_of<Served>}};

}  // namespace

std::span<const EngineRow> rcu_hash_rows() noexcept { return kRows; }

}  // namespace flashkv
