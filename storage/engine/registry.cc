#include "storage/engine/registry.h"

#include <array>

namespace flashkv {
namespace {

constexpr std::array kEngines{
    EngineEntry{"flashmap", true, &make_flashmap_table},
};

std::string allowed() {
  std::string list;
  for (const EngineEntry& e : kEngines) {
    if (!list.empty()) list += ", ";
    list += e.name;
  }
  return list;
}

}  // namespace

std::vector<std::string> engine_names() {
  std::vector<std::string> names;
  for (const EngineEntry& e : kEngines) names.emplace_back(e.name);
  return names;
}

std::unique_ptr<Table> make_table(std::string_view engine, GuardChoice guard, KeyHash hash, Status& why) {
  for (const EngineEntry& e : kEngines) {
    if (e.name != engine) continue;
    if (guard != GuardChoice::kAuto && !e.has_guards) {
      why = Status(Code::kInvalidArgument, "guard: the engine " + std::string(engine) + " takes only auto");
      return nullptr;
    }
    return e.make(guard, hash);
  }
  why = Status(Code::kInvalidArgument, "engine: unknown; allowed: " + allowed());
  return nullptr;
}

}  // namespace flashkv
