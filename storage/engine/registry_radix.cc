#include "storage/engine/basic_table.h"
#include "storage/engine/radix/radix.h"
#include "storage/engine/registry.h"
#include "storage/reclaim/default_periods.h"

namespace flashkv {

using ServedRadix = Overlaid<RadixEngine<reclaim::DefaultPeriods>>;
using ServedCompressedRadix = Overlaid<CompressedRadixEngine<reclaim::DefaultPeriods>>;

std::unique_ptr<Table> make_radix_table(const EngineOptions& options) {
  return std::make_unique<BasicTable<ServedRadix>>(options);
}
std::unique_ptr<Table> make_radix_compressed_table(const EngineOptions& options) {
  return std::make_unique<BasicTable<ServedCompressedRadix>>(options);
}

}  // namespace flashkv
