// Maps that others wrote, holding the same records.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "storage/engine/engine_options.h"
#include "storage/engine/table.h"

namespace flashkv::bench {

// Purpose: one row a baseline, each made in a .cc of its own.
struct Baseline {
  std::string_view name;
  std::unique_ptr<Table> (*make)(const EngineOptions& options);
};
std::span<const Baseline> baselines();

std::unique_ptr<Table> make_shared_mutex_table(const EngineOptions& options);
std::unique_ptr<Table> make_rculfhash_table(const EngineOptions& options);
std::unique_ptr<Table> make_libcuckoo_table(const EngineOptions& options);
std::unique_ptr<Table> make_tbb_table(const EngineOptions& options);

}  // namespace flashkv::bench
