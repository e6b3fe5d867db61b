#include "storage/engine/basic_table.h"
#include "storage/engine/rcu_hash/rcu_hash.h"
#include "storage/engine/registry.h"

namespace flashkv {

using ServedRcuHash = Overlaid<RcuHash<reclaim::DefaultPeriods>>;

std::unique_ptr<Table> make_rcu_hash_table(const EngineOptions& options) {
  return std::make_unique<BasicTable<ServedRcuHash>>(options);
}

}  // namespace flashkv
