// One engine's entry in the registry.
#pragma once

#include <memory>
#include <string_view>

#include "storage/table/any_engine.h"
#include "storage/table/engine_options.h"

namespace flashkv {

// Purpose: a name that --engine accepts, and the function that makes that engine. Each engine folder exports
//          its rows from its engine.cc; engine/registry.cc collects them.
struct EngineRow {
  std::string_view name;
  bool has_guards;  // accepts a GuardChoice other than kAuto
  bool has_slices;  // accepts slice_bits and word_order
  // Throws std::bad_alloc.
  std::unique_ptr<AnyEngine> (*make)(const EngineOptions& options);
};

// `make` for an engine that is constructed from the options alone.
template <typename Engine>
std::unique_ptr<AnyEngine> make_engine_of(const EngineOptions& options) {
  return std::make_unique<Engine>(options);
}

}  // namespace flashkv
