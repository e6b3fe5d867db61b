// Who takes part: the registered engines, and maps that others wrote.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "storage/table/any_engine.h"
#include "storage/table/engine_options.h"

namespace flashkv::bench {

// Purpose: what a table is made from. Names of engines come from storage/engine/registry.h, so that a new row
//          there is a new contestant here; one that has guards to choose from takes part once more as
//          NAME-refcount.
struct Contestant {
  std::string name;    // as --engine takes it; with options appended where a workload sets some
  std::string engine;  // as the registry or baselines.h knows it
  EngineOptions options;
  bool baseline = false;
};

// The hash that all contestants use unless a workload forces another.
inline const KeyHash kHash{0x9e37'79b9'7f4a'7c15};

// Engines first, then baselines.
std::vector<std::string> contestant_names();
Contestant contestant(const std::string& name);

// Null if the engine does not take these options. Throws std::bad_alloc.
std::unique_ptr<AnyEngine> make_contestant(const Contestant& contestant);
bool takes(const Contestant& contestant);

// A publish of these copies everything: they stop at kMostCopiedKeys.
inline constexpr std::uint64_t kMostCopiedKeys = 100'000;
bool copies_at_publish(const std::string& engine);

}  // namespace flashkv::bench
