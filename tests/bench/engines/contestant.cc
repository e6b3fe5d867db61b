#include "tests/bench/engines/contestant.h"

#include <string_view>

#include "storage/engine/registry.h"
#include "tests/bench/engines/baselines.h"

namespace flashkv::bench {
namespace {

constexpr std::string_view kRefcount = "-refcount";

Contestant refcounted(const std::string& engine) {
  Contestant c{engine + std::string(kRefcount), engine, {}, false};
  c.options.hash = kHash;
  c.options.guard = GuardChoice::kRefcount;
  return c;
}

}  // namespace

std::vector<std::string> contestant_names() {
  std::vector<std::string> names;
  for (const std::string& engine : engine_names()) {
    names.push_back(engine);
    if (const Contestant other = refcounted(engine); takes(other)) names.push_back(other.name);
  }
  for (const Baseline& baseline : baselines()) names.emplace_back(baseline.name);
  return names;
}

Contestant contestant(const std::string& name) {
  for (const std::string& engine : engine_names()) {
    if (name == engine + std::string(kRefcount)) return refcounted(engine);
  }
  Contestant c{name, name, {}, false};
  c.options.hash = kHash;
  for (const Baseline& baseline : baselines()) c.baseline = c.baseline || baseline.name == name;
  return c;
}

std::unique_ptr<AnyEngine> make_contestant(const Contestant& contestant) {
  for (const Baseline& baseline : baselines()) {
    if (baseline.name == contestant.engine) return baseline.make(contestant.options);
  }
  Status why;
  return make_engine(contestant.engine, contestant.options, why);
}

bool takes(const Contestant& contestant) { return make_contestant(contestant) != nullptr; }

bool copies_at_publish(const std::string& engine) {
  return engine == "cuckoo-deletion-lock" || engine == "cuckoo-leak";
}

}  // namespace flashkv::bench
