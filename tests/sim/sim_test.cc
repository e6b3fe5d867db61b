// Runs the simulation over every engine, for a fixed set of seeds and some fresh ones, or for one given as
// --seed N.
#include <gtest/gtest.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <optional>
#include <random>
#include <string>

#include "tests/sim/simulation.h"

namespace flashkv::sim {
namespace {

std::optional<std::uint64_t> only_seed;
std::string program = "sim_test";

// Fewer seeds in builds where each run is slow.
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__) || !defined(__OPTIMIZE__)
constexpr std::uint64_t kSeeds = 20;
constexpr int kFreshSeeds = 2;
constexpr std::uint64_t kKeysReached = 1'000;  // over the fixed seeds: enough for segments to split
#else
constexpr std::uint64_t kSeeds = 100;
constexpr int kFreshSeeds = 10;
constexpr std::uint64_t kKeysReached = 2'500;
#endif

class SimulationTest : public ::testing::TestWithParam<test::EngineCase> {
 protected:
  void run(std::uint64_t seed) {
    SCOPED_TRACE("replay: " + program + " --seed " + std::to_string(seed) + " --gtest_filter='*/" +
                 std::string(GetParam().name) + "'");
    const std::int64_t records = Record::live();
    {
      Simulation simulation(GetParam(), seed);
      try {
        simulation.run();
      } catch (const Violation& v) {
        std::string events;
        for (const std::string& e : simulation.trace()) events += "  " + e + "\n";
        FAIL() << v.what() << "; the last events:\n" << events;
      }
      EXPECT_GT(simulation.answered(), 50U) << "too few answers to test anything";
      expired_ += simulation.expired();
      most_keys_ = std::max(most_keys_, simulation.most_keys());
      out_of_memory_ += simulation.out_of_memory();
      txns_held_ += simulation.txns_held();
      txns_not_held_ += simulation.txns_not_held();
      submitted_in_turns_ += simulation.submitted_in_turns();
      scanned_ += simulation.scanned();
      counted_ += simulation.counted();
      revoked_ += simulation.revoked();
      pins_refused_ += simulation.pins_refused();
      watched_ += simulation.watched();
      compactions_ += simulation.compactions();
    }
    EXPECT_EQ(Record::live(), records) << "records leak";
  }

  std::uint64_t expired_ = 0;
  std::uint64_t most_keys_ = 0;
  std::uint64_t out_of_memory_ = 0;
  std::uint64_t txns_held_ = 0, txns_not_held_ = 0;
  std::uint64_t submitted_in_turns_ = 0;
  std::uint64_t scanned_ = 0, counted_ = 0, revoked_ = 0, pins_refused_ = 0;
  std::uint64_t watched_ = 0, compactions_ = 0;
};
INSTANTIATE_TEST_SUITE_P(Engines, SimulationTest, ::testing::ValuesIn(test::engine_cases()),
                         test::EngineName{});

TEST_P(SimulationTest, KeepsItsPromises) {
  if (only_seed) return run(*only_seed);
  for (std::uint64_t seed = 1; seed <= kSeeds && !HasFailure(); ++seed) run(seed);
  EXPECT_GT(most_keys_, kKeysReached) << "no index had to grow far";
  EXPECT_GT(txns_held_, kSeeds) << "no transaction took its first list";
  EXPECT_GT(txns_not_held_, kSeeds) << "no transaction took its second list";
  EXPECT_GT(expired_, 50 * kSeeds) << "too few keys expired";
  EXPECT_GT(out_of_memory_, kSeeds / 2) << "memory was short too rarely";
  EXPECT_GT(submitted_in_turns_, kSeeds);
  EXPECT_GT(scanned_, 2 * kSeeds) << "too few scans to their end";
  EXPECT_GT(counted_, kSeeds) << "too few counts";
  EXPECT_GT(revoked_, kSeeds / 10) << "pins were revoked too rarely";
  EXPECT_GT(pins_refused_, kSeeds) << "pins were refused too rarely";
  EXPECT_GT(watched_, 100 * kSeeds) << "too few events";
  EXPECT_GT(compactions_, kSeeds / 2) << "no watcher fell behind the history";
}

TEST_P(SimulationTest, KeepsItsPromisesForFreshSeeds) {
  if (only_seed) return run(*only_seed);
  std::random_device random;
  for (int i = 0; i < kFreshSeeds && !HasFailure(); ++i) {
    const std::uint64_t seed = std::uint64_t{random()} << 32 | random();
    std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
    run(seed);
  }
}

}  // namespace

// True if the argument was recognized.
bool take_seed(const char* argument, const char* value) {
  std::uint64_t seed = 0;
  if (std::strcmp(argument, "--seed") != 0 || value == nullptr) return false;
  const char* end = value + std::strlen(value);
  if (std::from_chars(value, end, seed).ptr != end) return false;
  only_seed = seed;
  return true;
}

}  // namespace flashkv::sim

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  flashkv::sim::program = argv[0];
  for (int i = 1; i < argc; i += 2) {
    if (flashkv::sim::take_seed(argv[i], argv[i + 1])) continue;
    std::fprintf(stderr, "usage: %s [--seed N] [--gtest_filter=*ENGINE]\n", argv[0]);
    return 2;
  }
  return RUN_ALL_TESTS();
}
