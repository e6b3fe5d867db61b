// All engines against std::map over seeded random histories; a failure names its seed.
#include "tests/conformance/differential.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "tests/conformance/engine_test.h"
#include "tests/support/deadline.h"

namespace flashkv::test {
namespace {

constexpr std::uint64_t kHistories = kSanitized ? 16 : 120;
constexpr std::uint64_t kServedHistories = kSanitized ? 4 : 24;

std::vector<std::uint8_t> history(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<std::uint8_t> bytes(1 + random() % 3'000);
  // Every mask in turn, with histories that mostly write and others that mostly publish.
  const unsigned most = seed % 3 == 0 ? 16 : 256;
  for (std::uint8_t& b : bytes) b = static_cast<std::uint8_t>(random() % most);
  bytes[0] = static_cast<std::uint8_t>(seed);
  return bytes;
}

TEST(Differential, EveryEngineBehavesLikeAMap) {
  finish_within(3 * kTestLimit);
  for (std::uint64_t seed = 1; seed <= kHistories; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    play(history(seed), engine_cases());
    if (HasFailure()) return;
  }
}

// Fewer seeds: each of them waits for real grace periods.
TEST(Differential, EveryServedEngineBehavesLikeAMap) {
  finish_within(3 * kTestLimit);
  for (std::uint64_t seed = 1; seed <= kServedHistories; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    play(history(1'000 + seed), served_cases());
    if (HasFailure()) return;
  }
}

TEST(Differential, AnyBytesAreAHistory) {
  play({}, served_cases());
  for (int b = 0; b < 256; ++b) {
    const std::vector<std::uint8_t> bytes(20, static_cast<std::uint8_t>(b));
    play(bytes, served_cases());
  }
}

}  // namespace
}  // namespace flashkv::test
