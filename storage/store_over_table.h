// A store over a table that the caller brings: what Store::open() does with a registered engine, and tests
// with engines of their own.
#pragma once

#include <memory>

#include "storage/engine/table.h"
#include "storage/store.h"

namespace flashkv {

// The hash that the options ask for; a seed of 0 is drawn anew by each call.
KeyHash key_hash(const StoreOptions& options);

// Takes over the table; options.engine, guard and hash_* are not looked at. Throws std::bad_alloc.
std::unique_ptr<Store> open_store_over(std::unique_ptr<Table> table, const StoreOptions& options);

}  // namespace flashkv
