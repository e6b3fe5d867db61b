#include <array>
#include <span>

#include "storage/engine/cuckoo/copying.h"
#include "storage/engine/cuckoo/rwlock.h"
#include "storage/table/any_engine_of.h"
#include "storage/table/engine_row.h"

namespace flashkv {
namespace {

constexpr std::array kRows{
    EngineRow{"cuckoo-rwlock", false, false, &make_engine_of<AnyEngineOf<CuckooRwlock>>},
    EngineRow{"cuckoo-deletion-lock", false, false, &make_engine_of<AnyEngineOf<CuckooDeletionLock>>},
    EngineRow{"cuckoo-leak", false, false, &make_engine_of<AnyEngineOf<CuckooLeak>>},
};

}  // namespace

std::span<const EngineRow> cuckoo_rows() noexcept { return kRows; }

}  // namespace flashkv
