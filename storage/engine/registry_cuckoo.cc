#include "storage/engine/basic_table.h"
#include "storage/engine/cuckoo/copying.h"
#include "storage/engine/cuckoo/rwlock.h"
#include "storage/engine/registry.h"

namespace flashkv {

std::unique_ptr<Table> make_cuckoo_rwlock_table(const EngineOptions& options) {
  return std::make_unique<BasicTable<CuckooRwlock>>(options);
}
std::unique_ptr<Table> make_cuckoo_deletion_lock_table(const EngineOptions& options) {
  return std::make_unique<BasicTable<CuckooDeletionLock>>(options);
}
std::unique_ptr<Table> make_cuckoo_leak_table(const EngineOptions& options) {
  return std::make_unique<BasicTable<CuckooLeak>>(options);
}

}  // namespace flashkv
