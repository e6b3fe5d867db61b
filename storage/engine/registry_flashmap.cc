// flashmap as a table, with either guard.
#include "storage/engine/basic_table.h"
#include "storage/engine/flashmap/flashmap.h"
#include "storage/engine/registry.h"

namespace flashkv {

// One store to one word shows a new half to every reader.
template <>
inline constexpr bool kReadersMoveAtOnce<AsymmetricFlashmap> = true;

template class BasicTable<AsymmetricFlashmap>;
template class BasicTable<RefcountFlashmap>;

std::unique_ptr<Table> make_flashmap_table(GuardChoice guard, KeyHash hash) {
  if (guard == GuardChoice::kRefcount) {
    return std::make_unique<BasicTable<RefcountFlashmap>>(hash, RefcountFlashmap::guard_name());
  }
  return std::make_unique<BasicTable<AsymmetricFlashmap>>(hash, AsymmetricFlashmap::guard_name());
}

}  // namespace flashkv
