// Runs the simulation over every engine for a fixed set of seeds, or for the one given as --seed N.
#include <gtest/gtest.h>

#include <charconv>
#include <cstring>
#include <optional>
#include <string>

#include "tests/sim/simulation.h"

namespace flashkv::sim {
namespace {

std::optional<std::uint64_t> only_seed;

// Fewer seeds in builds where each run is slow.
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__) || !defined(__OPTIMIZE__)
constexpr std::uint64_t kSeeds = 20;
#else
constexpr std::uint64_t kSeeds = 100;
#endif

class SimulationTest : public ::testing::TestWithParam<test::EngineCase> {
 protected:
  static void run(std::uint64_t seed) {
    const std::int64_t records = Record::live();
    {
      Simulation simulation(GetParam(), seed);
      try {
        simulation.run();
      } catch (const Violation& v) {
        std::string events;
        for (const std::string& e : simulation.trace()) events += "  " + e + "\n";
        FAIL() << v.what() << "\nreplay with --seed " << seed << " on " << GetParam()
               << "; the last events:\n"
               << events;
      }
      EXPECT_GT(simulation.answered(), 100U) << "seed " << seed << " tests next to nothing";
    }
    EXPECT_EQ(Record::live(), records) << "records leak, seed " << seed;
  }
};
INSTANTIATE_TEST_SUITE_P(Engines, SimulationTest, ::testing::ValuesIn(test::engine_cases()),
                         test::EngineName{});

TEST_P(SimulationTest, KeepsItsPromises) {
  if (only_seed) return run(*only_seed);
  for (std::uint64_t seed = 1; seed <= kSeeds && !HasFailure(); ++seed) run(seed);
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
  for (int i = 1; i < argc; i += 2) {
    if (flashkv::sim::take_seed(argv[i], argv[i + 1])) continue;
    std::fprintf(stderr, "usage: %s [--seed N] [--gtest_filter=*ENGINE]\n", argv[0]);
    return 2;
  }
  return RUN_ALL_TESTS();
}
