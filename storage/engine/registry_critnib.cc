#include "storage/engine/basic_table.h"
#include "storage/engine/critnib/critnib.h"
#include "storage/engine/registry.h"
#include "storage/reclaim/default_periods.h"

namespace flashkv {

using ServedCritnib = Overlaid<CritnibEngine<reclaim::DefaultPeriods>>;
using ServedLeakingCritnib = Overlaid<LeakingCritnibEngine<reclaim::DefaultPeriods>>;

std::unique_ptr<Table> make_critnib_table(const EngineOptions& options) {
  return std::make_unique<BasicTable<ServedCritnib>>(options);
}
std::unique_ptr<Table> make_critnib_leak_table(const EngineOptions& options) {
  return std::make_unique<BasicTable<ServedLeakingCritnib>>(options);
}

}  // namespace flashkv
