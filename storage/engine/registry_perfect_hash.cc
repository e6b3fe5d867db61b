#include "storage/engine/basic_table.h"
#include "storage/engine/perfect_hash/perfect_hash.h"
#include "storage/engine/registry.h"

namespace flashkv {

std::unique_ptr<Table> make_perfect_hash_leak_table(const EngineOptions& options) {
  return std::make_unique<BasicTable<Overlaid<PerfectHashLeak>>>(options);
}
std::unique_ptr<Table> make_perfect_hash_deletion_lock_table(const EngineOptions& options) {
  return std::make_unique<BasicTable<Overlaid<PerfectHashDeletionLock>>>(options);
}

}  // namespace flashkv
