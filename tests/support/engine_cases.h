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

// A read section that stays open for as long as a test wants.
class HeldGuard {
 public:
  virtual ~HeldGuard() = default;
  virtual std::uint64_t revision() const noexcept = 0;
  virtual const Record* find(const Probe& probe) const noexcept = 0;
  virtual void find_batch(std::span<const Probe> probes, std::span<const Record*> found) const noexcept = 0;
};

// Where such guards come from; belongs to one table and goes before it.
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
  bool readers_block;  // a guard held over a publish keeps the next batch waiting

  TestTable make(KeyHash hash) const {
    EngineOptions options;
    options.hash = hash;
    return make_from(options);
  }
};
inline std::ostream& operator<<(std::ostream& out, const EngineCase& c) { return out << c.name; }

// locked_map (not atomic, through the overlay), twin_map, flashmap with each guard, and the other engines.
// Grace periods end the moment their readers have left, so that a history runs the same way each time.
const std::vector<EngineCase>& engine_cases();
// The same with the grace periods that the server has. liburcu's end after real time, not the test's, and
// guards of one thread are one section: what any of the thread's guards holds stays until the last of them
// goes.
const std::vector<EngineCase>& served_cases();

// Puts the engine's name into the test's.
struct EngineName {
  template <typename Info>
  std::string operator()(const Info& info) const {
    return std::string(info.param.name);
  }
};

}  // namespace flashkv::test
