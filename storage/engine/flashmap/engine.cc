#include <array>
#include <span>

#include "storage/engine/flashmap/any_flashmap.h"
#include "storage/table/engine_row.h"

namespace flashkv {

template class AnyEngineOf<AsymmetricFlashmap>;
template class AnyEngineOf<RefcountFlashmap>;

namespace {

template <typename E>
std::unique_ptr<AnyEngine> make(const EngineOptions& options) {
  return std::make_unique<AnyEngineOf<E>>(options.hash, E::guard_name());
}

std::unique_ptr<AnyEngine> make_chosen(const EngineOptions& options) {
  return options.guard == GuardChoice::kRefcount ? make<RefcountFlashmap>(options)
                                                 : make<AsymmetricFlashmap>(options);
}

constexpr std::array kRows{EngineRow{"flashmap", true, false, &make_chosen}};

}  // namespace

std::span<const EngineRow> flashmap_rows() noexcept { return kRows; }

}  // namespace flashkv
