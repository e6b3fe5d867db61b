#include "storage/engine/flashmap_table.h"
#include "storage/engine/registry.h"

namespace flashkv {

template class BasicTable<AsymmetricFlashmap>;
template class BasicTable<RefcountFlashmap>;

std::unique_ptr<Table> make_flashmap_table(const EngineOptions& options) {
  if (options.guard == GuardChoice::kRefcount) {
    return std::make_unique<BasicTable<RefcountFlashmap>>(options.hash, RefcountFlashmap::guard_name());
  }
  return std::make_unique<BasicTable<AsymmetricFlashmap>>(options.hash, AsymmetricFlashmap::guard_name());
}

}  // namespace flashkv
