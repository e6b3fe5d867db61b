#include "storage/engine/registry.h"

#include <algorithm>
#include <span>
#include <utility>

#include "storage/table/engine_row.h"

namespace flashkv {

// Each is defined in the engine.cc of its engine's folder.
std::span<const EngineRow> flashmap_rows() noexcept;
std::span<const EngineRow> relativistic_rows() noexcept;
std::span<const EngineRow> rcu_hash_rows() noexcept;
std::span<const EngineRow> cuckoo_rows() noexcept;
std::span<const EngineRow> perfect_hash_rows() noexcept;
std::span<const EngineRow> radix_rows() noexcept;
std::span<const EngineRow> critnib_rows() noexcept;

namespace {

// In the order they are listed to a user.
const std::vector<EngineRow>& rows() {
  static const std::vector<EngineRow> all = [] {
    std::vector<EngineRow> list;
    for (const std::span<const EngineRow> some :
         {flashmap_rows(), relativistic_rows(), rcu_hash_rows(), cuckoo_rows(), perfect_hash_rows(),
          radix_rows(), critnib_rows()}) {
      list.insert(list.end(), some.begin(), some.end());
    }
    return list;
  }();
  return all;
}

bool any(const EngineRow&) { return true; }
bool has_guards(const EngineRow& e) { return e.has_guards; }
bool has_slices(const EngineRow& e) { return e.has_slices; }

std::string names(bool (*which)(const EngineRow&)) {
  std::string list;
  for (const EngineRow& e : rows()) {
    if (!which(e)) continue;
    if (!list.empty()) list += ", ";
    list += e.name;
  }
  return list;
}

const EngineRow* row(std::string_view engine) {
  const auto found =
      std::find_if(rows().begin(), rows().end(), [engine](const EngineRow& e) { return e.name == engine; });
  return found == rows().end() ? nullptr : &*found;
}

// The error for an `option` whose value is not `only`, on an engine that is not one of `takers`.
Status unsupported_option(std::string_view option, std::string_view engine, std::string_view only,
                          const std::string& takers) {
  std::string why(option);
  why.append(": the engine ").append(engine).append(" does not take this value; allowed: ").append(only);
  why.append(", or the engine ").append(takers);
  return {Code::kInvalidArgument, std::move(why)};
}

}  // namespace

std::vector<std::string> engine_names() {
  std::vector<std::string> list;
  for (const EngineRow& e : rows()) list.emplace_back(e.name);
  return list;
}

Status check_engine(std::string_view engine, const EngineOptions& options) {
  const EngineRow* e = row(engine);
  if (e == nullptr) return {Code::kInvalidArgument, "engine: unknown; allowed: " + names(any)};
  if (options.guard != GuardChoice::kAuto && !e->has_guards)
    return unsupported_option("guard", engine, "auto", names(has_guards));
  if (options.slice_bits != 0 && !e->has_slices)
    return unsupported_option("radix-slice", engine, "auto", names(has_slices));
  if (options.word_order != WordOrder::kForward && !e->has_slices)
    return unsupported_option("radix-order", engine, "forward", names(has_slices));
  return {};
}

std::unique_ptr<AnyEngine> make_engine(std::string_view engine, const EngineOptions& options, Status& why) {
  if (Status wrong = check_engine(engine, options); !wrong.ok()) {
    why = std::move(wrong);
    return nullptr;
  }
  return row(engine)->make(options);
}

}  // namespace flashkv
