// The engines that the writer's tests run over.
#pragma once

#include <memory>
#include <ostream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "storage/record/hash.h"
#include "storage/table/any_engine.h"
#include "storage/table/engine_options.h"

namespace flashkv::test {

// A read section that lasts as long as the object.
class HeldGuard {
 public:
  virtual ~HeldGuard() = default;
  virtual std::uint64_t revision() const noexcept = 0;
  virtual const Record* find(const Probe& probe) const noexcept = 0;
  virtual void find_batch(std::span<const Probe> probes, std::span<const Record*> found) const noexcept = 0;
};

// Makes such guards for one table; destroyed before the table.
class GuardSource {
 public:
  virtual ~GuardSource() = default;
  virtual std::unique_ptr<HeldGuard> hold() = 0;
};

struct TestTable {
  std::unique_ptr<AnyEngine> table;
  std::unique_ptr<GuardSource> guards;
};

struct EngineCase {
  std::string_view name;
  TestTable (*make_from)(const EngineOptions& options);
  bool readers_block;  // a guard held across a publish keeps the next batch waiting

  TestTable make(KeyHash hash) const {
    EngineOptions options;
    options.hash = hash;
    return make_from(options);
  }
};
inline std::ostream& operator<<(std::ostream& out, const EngineCase& c) { return out << c.name; }

// locked_map (not atomic, through the overlay), twin_map, flashmap with each guard, and the other engines.
// Grace periods end as soon as their readers have left, so that a history is reproducible.
const std::vector<EngineCase>& engine_cases();
// The same with the server's grace periods. liburcu's end in real time, not the test's, and the guards of one
// thread form one section, which lasts until the last of them is gone.
const std::vector<EngineCase>& served_cases();

// Puts the engine's name into the test's name.
struct EngineName {
  template <typename Info>
  std::string operator()(const Info& info) const {
    return std::string(info.param.name);
  }
};

}  // namespace flashkv::test
