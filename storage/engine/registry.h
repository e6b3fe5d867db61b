// From the names that --engine and --guard take to a table.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "storage/engine/engine_options.h"
#include "storage/engine/guard_choice.h"
#include "storage/engine/table.h"
#include "storage/status.h"

namespace flashkv {

// Purpose: one row an engine; adding an engine adds a row and the .cc that instantiates it.
struct EngineEntry {
  std::string_view name;
  bool has_guards;  // takes another GuardChoice than kAuto
  bool has_slices;  // takes slice_bits and word_order
  std::unique_ptr<Table> (*make)(const EngineOptions& options);
};

// Names that --engine takes, in the order they are listed to a user.
std::vector<std::string> engine_names();

// OK where make_table() would make one; else INVALID_ARGUMENT, "engine: ..." or the option's name, with the
// allowed values. Makes nothing, so that a server can ask before it opens anything.
Status check_engine(std::string_view engine, const EngineOptions& options);

// Null and `why` (what check_engine() says) for an unknown engine or for an option that the engine does not
// have. Throws std::bad_alloc.
std::unique_ptr<Table> make_table(std::string_view engine, const EngineOptions& options, Status& why);

// The factories, each in a .cc of its own.
std::unique_ptr<Table> make_flashmap_table(const EngineOptions& options);
std::unique_ptr<Table> make_rcu_hash_table(const EngineOptions& options);
std::unique_ptr<Table> make_relativistic_table(const EngineOptions& options);
std::unique_ptr<Table> make_cuckoo_rwlock_table(const EngineOptions& options);
std::unique_ptr<Table> make_cuckoo_deletion_lock_table(const EngineOptions& options);
std::unique_ptr<Table> make_cuckoo_leak_table(const EngineOptions& options);
std::unique_ptr<Table> make_perfect_hash_deletion_lock_table(const EngineOptions& options);
std::unique_ptr<Table> make_perfect_hash_leak_table(const EngineOptions& options);
std::unique_ptr<Table> make_radix_table(const EngineOptions& options);
std::unique_ptr<Table> make_radix_compressed_table(const EngineOptions& options);
std::unique_ptr<Table> make_critnib_table(const EngineOptions& options);
std::unique_ptr<Table> make_critnib_leak_table(const EngineOptions& options);

}  // namespace flashkv
