#include "storage/engine/flashmap_table.h"
#include "storage/engine/registry.h"

namespace flashkv {

template class BasicTable<AsymmetricFlashmap>;
template class BasicTable<RefcountFlashmap>;

std::unique_ptr<Table> make_flashmap_table(GuardChoice guard, KeyHash hash) {
  if (guard == GuardChoice::kRefcount) {
    return std::make_unique<BasicTable<RefcountFlashmap>>(hash, RefcountFlashmap::guard_name());
  }
  return std::make_unique<BasicTable<AsymmetricFlashmap>>(hash, AsymmetricFlashmap::guard_name());
}

}  // namespace flashkv
