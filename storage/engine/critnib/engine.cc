#include <array>
#include <span>

#include "storage/engine/critnib/critnib.h"
#include "storage/reclaim/default_periods.h"
#include "storage/table/any_engine_of.h"
#include "storage/table/engine_row.h"

namespace flashkv {
namespace {

using Served = AnyEngineOf<WithOverlay<CritnibEngine<reclaim::DefaultPeriods>>>;
using ServedLeaking = AnyEngineOf<WithOverlay<LeakingCritnibEngine<reclaim::DefaultPeriods>>>;

constexpr std::array kRows{
    EngineRow{"critnib", false, false, &make_engine_of<Served>},
    EngineRow{"critnib-leak", false, false, &make_engine_of<ServedLeaking>},
};

}  // namespace

std::span<const EngineRow> critnib_rows() noexcept { return kRows; }

}  // namespace flashkv
