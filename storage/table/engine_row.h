// One engine as the registry lists it.
#pragma once

#include <memory>
#include <string_view>

#include "storage/table/any_engine.h"
#include "storage/table/engine_options.h"

namespace flashkv {

// Purpose: a name that --engine takes and how to make the engine. An engine's folder exports its rows from
//          its engine.cc; engine/registry.cc collects them.
struct EngineRow {
  std::string_view name;
  bool has_guards;  // accepts a GuardChoice other than kAuto
  bool has_slices;  // accepts slice_bits and word_order
  // Throws std::bad_alloc.
  std::unique_ptr<AnyEngine> (*make)(const EngineOptions& options);
};

// An engine that is made from the options alone.
template <typename Engine>
std::unique_ptr<AnyEngine> make_engine_of(const EngineOptions& options) {
  return std::make_unique<Engine>(options);
}

}  // namespace flashkv
