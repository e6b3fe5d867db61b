#include <array>
#include <span>

#include "storage/engine/perfect_hash/perfect_hash.h"
#include "storage/table/any_engine_of.h"
#include "storage/table/engine_row.h"

namespace flashkv {
namespace {

static_assert(sizeof(PerfectHashDeletionLock::Access::Slot) == 32, "two to a cache line");

using ServedDeletionLock = AnyEngineOf<WithOverlay<PerfectHashDeletionLock>>;
using ServedLeak = AnyEngineOf<WithOverlay<PerfectHashLeak>>;

constexpr std::array kRows{
    EngineRow{"perfect-hash-deletion-lock", false, false, &make_engine_of<ServedDeletionLock>},
    EngineRow{"perfect-hash-leak", false, false, &make_engine_of<ServedLeak>},
};

}  // namespace

std::span<const EngineRow> perfect_hash_rows() noexcept { return kRows; }

}  // namespace flashkv
