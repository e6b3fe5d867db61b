// A store over an engine that never frees, once that has leaked as much as it may.
#include <gtest/gtest.h>

#include "tests/support/store_fixture.h"

namespace flashkv::test {
namespace {

std::vector<EngineCase> leaking_cases() {
  std::vector<EngineCase> cases;
  for (const EngineCase& c : served_cases()) {
    if (!c.make(KeyHash(1)).table->traits().bounded_garbage) cases.push_back(c);
  }
  return cases;
}

class LeakingTest : public StoreTest {};
INSTANTIATE_TEST_SUITE_P(Engines, LeakingTest, ::testing::ValuesIn(leaking_cases()), EngineName{});

TEST_P(LeakingTest, WritesEndAtTheBoundAndReadsGoOn) {
  options.limits.max_retired_bytes = 64 << 10;
  put("stays", "1");
  std::uint64_t last = 0;
  for (std::size_t n = 0;; ++n) {
    ASSERT_LT(n, 100'000U) << "the bound was passed";
    Call c;
    c.put(numbered("k", n % 40), numbered("v", n)).put("last", numbered("v", n));
    c.erase(numbered("k", (n + 20) % 40));
    run(c);
    if (c.status.ok()) {
      last = n;
      continue;
    }
    EXPECT_EQ(c.status.code, Code::kResourceExhausted);
    const StoreStats stats = store().stats();
    EXPECT_GT(stats.engine.leaked_bytes, options.limits.max_retired_bytes);
    EXPECT_LT(stats.engine.leaked_bytes, 2 * options.limits.max_retired_bytes);
    EXPECT_EQ(c.status.message,
              "engine " + std::string(stats.traits.name) + " holds " +
                  std::to_string(stats.engine.leaked_bytes) +
                  " bytes that it never frees, more than max-retired allows: it takes no more writes");
    break;
  }
  EXPECT_GT(last, 10U);
  EXPECT_EQ(value_of("stays"), "1");
  EXPECT_EQ(value_of("last"), numbered("v", last));
  // For good, whatever is asked; a request that changes nothing still gets its answer.
  const std::uint64_t revision = store().published_revision();
  for (int i = 0; i < 3; ++i) {
    Call more;
    run(more.put("other", "1"));
    EXPECT_EQ(more.status.code, Code::kResourceExhausted);
    EXPECT_EQ(value_of("stays"), "1");
    EXPECT_EQ(value_of("other"), std::nullopt);
  }
  EXPECT_EQ(store().published_revision(), revision);
  Call look;
  run(look.get("stays"));
  EXPECT_TRUE(look.status.ok()) << look.status.message;
}

}  // namespace
}  // namespace flashkv::test
