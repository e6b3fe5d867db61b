// Runs a program under the checker, whole or with one memory order weakened: then one of the programs fails.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <ostream>
#include <string>
#include <utility>

#include "tests/model/checked_sync.h"

namespace flashkv::model {

// Random schedules that a sound program must pass, and those within which a defect must show. No program is
// searched to the end: a dozen operations a thread have too many schedules.
inline constexpr std::uint64_t kSchedules = 100'000;
inline constexpr std::uint64_t kSchedulesToCatch = 1'000'000;

// `value` is `weaker` while this lives.
template <typename T>
class Weakened {
 public:
  Weakened(T& value, T weaker) : value_(value), whole_(std::exchange(value, weaker)) {}
  Weakened(const Weakened&) = delete;
  Weakened& operator=(const Weakened&) = delete;
  ~Weakened() { value_ = whole_; }

 private:
  T& value_;
  const T whole_;
};

struct WeakenedOrder {
  const char* name;
  sync::MemoryOrder* order;
  sync::MemoryOrder weaker;
};
inline void PrintTo(const WeakenedOrder& weakened, std::ostream* out) { *out << weakened.name; }
inline std::string name_of(const testing::TestParamInfo<WeakenedOrder>& info) { return info.param.name; }

// Runs `Suite` under `schedules` random schedules and returns what was found. A schedule that failed is run
// again to print its history.
template <typename Suite>
rl::test_result_e check(std::uint64_t schedules) {
  using Scheduler = rl::random_scheduler<Suite::params::thread_count>;
  rl::test_params params;
  params.iteration_count = schedules;
  rl::ostringstream failed;
  const rl::test_result_e found = rl::run_test<Suite, Scheduler>(params, failed, false);
  if (found != rl::test_result_success) {
    params.initial_state = failed.str();
    params.collect_history = true;
    rl::run_test<Suite, Scheduler>(params, failed, true);
  }
  return found;
}

template <typename Program>
void expect_sound() {
  EXPECT_EQ(check<Program>(kSchedules), rl::test_result_success);
}

// One program that fails is enough. All get few schedules before any gets many.
template <typename... Programs>
void expect_caught() {
  bool caught = false;
  for (std::uint64_t schedules = 100; !caught && schedules <= kSchedulesToCatch; schedules *= 10) {
    caught = ((check<Programs>(schedules) != rl::test_result_success) || ...);
  }
  EXPECT_TRUE(caught) << "no program noticed";
}

}  // namespace flashkv::model

// For the models of each part, by their short names.
namespace flashkv::flashmap::model {
using namespace flashkv::model;
}
namespace flashkv::reclaim::model {
using namespace flashkv::model;
}
namespace flashkv::critnib::model {
using namespace flashkv::model;
}
