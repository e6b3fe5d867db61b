#include "storage/engine/registry.h"

#include <array>

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

std::string allowed() {
  std::string list;
  for (const EngineEntry& e : kEngines) {
    if (!list.empty()) list += ", ";
    list += e.name;
  }
  return list;
}

// What the engine cannot be told, in words; empty if all is well.
std::string misfit(const EngineEntry& e, const EngineOptions& options) {
  const std::string name(e.name);
  if (options.guard != GuardChoice::kAuto && !e.has_guards)
    return "guard: the engine " + name + " takes only auto";
  if (options.slice_bits != 0 && !e.has_slices) return "radix-slice: the engine " + name + " takes only auto";
  if (options.word_order != WordOrder::kForward && !e.has_slices)
    return "radix-order: the engine " + name + " takes only forward";
  return {};
}

}  // namespace

std::vector<std::string> engine_names() {
  std::vector<std::string> names;
  for (const EngineEntry& e : kEngines) names.emplace_back(e.name);
  return names;
}

std::unique_ptr<Table> make_table(std::string_view engine, const EngineOptions& options, Status& why) {
  for (const EngineEntry& e : kEngines) {
    if (e.name != engine) continue;
    if (std::string wrong = misfit(e, options); !wrong.empty()) {
      why = Status(Code::kInvalidArgument, std::move(wrong));
      return nullptr;
    }
    return e.make(options);
  }
  why = Status(Code::kInvalidArgument, "engine: unknown; allowed: " + allowed());
  return nullptr;
}

}  // namespace flashkv
