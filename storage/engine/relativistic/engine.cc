#include <array>
#include <span>

#include "storage/engine/relativistic/relativistic.h"
#include "storage/reclaim/default_periods.h"
#include "storage/table/any_engine_of.h"
#include "storage/table/engine_row.h"

namespace flashkv {
namespace {

using Served = AnyEngineOf<WithOverlay<Relativistic<reclaim::DefaultPeriods>>>;

constexpr std::array kRows{EngineRow{"relativistic", false, false, &make_engine_of<Served>}};

}  // namespace

std::span<const EngineRow> relativistic_rows() noexcept { return kRows; }

}  // namespace flashkv
