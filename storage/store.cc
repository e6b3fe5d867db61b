#include "storage/store.h"

#include <utility>

#include "storage/engine/registry.h"
#include "storage/store_over_table.h"

namespace flashkv {
namespace {

EngineOptions engine_options(const StoreOptions& options) {
  return {.hash = key_hash(options),
          .guard = options.guard,
          .max_retired_bytes = options.max_retired_bytes,
          .slice_bits = options.slice_bits,
          .word_order = options.word_order};
}

}  // namespace

std::unique_ptr<Store> Store::open(const StoreOptions& options, Status& why) {
  if (options.policy.interval < 0 || options.policy.max_batch == 0) {
    why = Status(Code::kInvalidArgument, "publish policy: interval >= 0 and max_batch >= 1");
    return nullptr;
  }
  std::unique_ptr<Table> table = make_table(options.engine, engine_options(options), why);
  if (table == nullptr) return nullptr;
  return open_store_over(std::move(table), options);
}

}  // namespace flashkv
