#include "storage/engine/registry.h"

#include <algorithm>
#include <array>
#include <utility>

namespace flashkv {
namespace {

constexpr std::array kEngines{
    EngineEntry{"flashmap", true, false, &make_flashmap_table},
    EngineEntry{"relativistic", false, false, &make_relativistic_table},
    EngineEntry{"rcu-hash", false, false, &make_rcu_hash_table},
    EngineEntry{"cuckoo-rwlock", false, false, &make_cuckoo_rwlock_table},
    EngineEntry{"cuckoo-deletion-lock", false, false, &make_cuckoo_deletion_lock_table},
    EngineEntry{"cuckoo-leak", false, false, &make_cuckoo_leak_table},
    EngineEntry{"perfect-hash-deletion-lock", false, false, &make_perfect_hash_deletion_lock_table},
    EngineEntry{"perfect-hash-leak", false, false, &make_perfect_hash_leak_table},
    EngineEntry{"radix", false, true, &make_radix_table},
    EngineEntry{"radix-compressed", false, true, &make_radix_compressed_table},
    EngineEntry{"critnib", false, false, &make_critnib_table},
    EngineEntry{"critnib-leak", false, false, &make_critnib_leak_table},
};

bool any(const EngineEntry&) { return true; }
bool has_guards(const EngineEntry& e) { return e.has_guards; }
bool has_slices(const EngineEntry& e) { return e.has_slices; }

std::string names(bool (*which)(const EngineEntry&)) {
  std::string list;
  for (const EngineEntry& e : kEngines) {
    if (!which(e)) continue;
    if (!list.empty()) list += ", ";
    list += e.name;
  }
  return list;
}

const EngineEntry* entry(std::string_view engine) {
  const auto found = std::find_if(kEngines.begin(), kEngines.end(),
                                  [engine](const EngineEntry& e) { return e.name == engine; });
  return found == kEngines.end() ? nullptr : &*found;
}

// `option` has another value than `only`, and the engine is none of `takers`.
Status misfit(std::string_view option, std::string_view engine, std::string_view only,
              const std::string& takers) {
  std::string why(option);
  why.append(": the engine ").append(engine).append(" does not take this value; allowed: ").append(only);
  why.append(", or the engine ").append(takers);
  return {Code::kInvalidArgument, std::move(why)};
}

}  // namespace

std::vector<std::string> engine_names() {
  std::vector<std::string> list;
  for (const EngineEntry& e : kEngines) list.emplace_back(e.name);
  return list;
}

Status check_engine(std::string_view engine, const EngineOptions& options) {
  const EngineEntry* e = entry(engine);
  if (e == nullptr) return {Code::kInvalidArgument, "engine: unknown; allowed: " + names(any)};
  if (options.guard != GuardChoice::kAuto && !e->has_guards)
    return misfit("guard", engine, "auto", names(has_guards));
  if (options.slice_bits != 0 && !e->has_slices)
    return misfit("radix-slice", engine, "auto", names(has_slices));
  if (options.word_order != WordOrder::kForward && !e->has_slices)
    return misfit("radix-order", engine, "forward", names(has_slices));
  return {};
}

std::unique_ptr<Table> make_table(std::string_view engine, const EngineOptions& options, Status& why) {
  if (Status wrong = check_engine(engine, options); !wrong.ok()) {
    why = std::move(wrong);
    return nullptr;
  }
  return entry(engine)->make(options);
}

}  // namespace flashkv
