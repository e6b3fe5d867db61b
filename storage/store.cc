#include "storage/store.h"

#include <utility>

#include "storage/engine/registry.h"
#include "storage/store_over_table.h"

namespace flashkv {

std::unique_ptr<Store> Store::open(const StoreOptions& options, Status& why) {
  if (options.policy.interval < 0 || options.policy.max_batch == 0) {
    why = Status(Code::kInvalidArgument, "publish policy: interval >= 0 and max_batch >= 1");
    return nullptr;
  }
  std::unique_ptr<Table> table = make_table(options.engine, options.guard, key_hash(options), why);
  if (table == nullptr) return nullptr;
  return open_store_over(std::move(table), options);
}

}  // namespace flashkv
