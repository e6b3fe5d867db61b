// Maps that others wrote, holding the same records.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "storage/table/any_engine.h"
#include "storage/table/engine_options.h"

namespace flashkv::bench {

// Purpose: one row a baseline, each made in a .cc of its own.
struct Baseline {
  std::string_view name;
  std::unique_ptr<AnyEngine> (*make)(const EngineOptions& options);
};
std::span<const Baseline> baselines();

std::unique_ptr<AnyEngine> make_shared_mutex_engine(const EngineOptions& options);
std::unique_ptr<AnyEngine> make_rculfhash_engine(const EngineOptions& options);
std::unique_ptr<AnyEngine> make_libcuckoo_engine(const EngineOptions& options);
std::unique_ptr<AnyEngine> make_tbb_engine(const EngineOptions& options);

}  // namespace flashkv::bench
