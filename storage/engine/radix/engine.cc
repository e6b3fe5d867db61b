#include <array>
#include <span>

#include "storage/engine/radix/radix.h"
#include "storage/reclaim/default_periods.h"
#include "storage/table/any_engine_of.h"
#include "storage/table/engine_row.h"

namespace flashkv {
namespace {

using Served = AnyEngineOf<WithOverlay<RadixEngine<reclaim::DefaultPeriods>>>;
using ServedCompressed = AnyEngineOf<WithOverlay<CompressedRadixEngine<reclaim::DefaultPeriods>>>;

constexpr std::array kRows{
    EngineRow{"radix", false, true, &make_engine_of<Served>},
    EngineRow{"radix-compressed", false, true, &make_engine_of<ServedCompressed>},
};

}  // namespace

std::span<const EngineRow> radix_rows() noexcept { return kRows; }

}  // namespace flashkv
