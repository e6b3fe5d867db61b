#include "storage/engine/basic_table.h"
#include "storage/engine/registry.h"
#include "storage/engine/relativistic/relativistic.h"

namespace flashkv {

using ServedRelativistic = Overlaid<Relativistic<reclaim::DefaultPeriods>>;

std::unique_ptr<Table> make_relativistic_table(const EngineOptions& options) {
  return std::make_unique<BasicTable<ServedRelativistic>>(options);
}

}  // namespace flashkv
