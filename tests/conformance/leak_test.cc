// Engines that free nothing before they are destroyed, once they have leaked as much as they may.
#include <algorithm>

#include "tests/conformance/engine_test.h"
#include "tests/conformance/more_cases.h"

namespace flashkv::test {
namespace {

class LeakTest : public ConformanceTest {
 protected:
  // One batch with one change; false where the engine takes none.
  bool write(const std::function<bool()>& change) {
    engine().begin();
    const bool taken = change();
    engine().publish();
    return taken;
  }
  std::uint64_t leaked() { return engine().table().stats().leaked_bytes; }
};
const auto leaks = [](const EngineCase& c) { return !c.make(KeyHash(1)).table->traits().bounded_garbage; };
INSTANTIATE_TEST_SUITE_P(Engines, LeakTest, ::testing::ValuesIn(only(engine_cases(), leaks)), EngineName{});

TEST_P(LeakTest, AboveTheBoundNothingIsTakenEverAgainAndReadsGoOn) {
  const std::int64_t records = Record::live();
  options.limits.max_retired_bytes = 20'000;
  EngineUnderTest& e = engine();
  e.put_now("a", "stays");
  std::uint64_t most_at_once = 0;
  std::size_t batches = 0;
  // What is leaked is nodes, tables or records, as the engine has it: keys are removed and overwritten.
  for (bool taken = true; taken; ++batches) {
    const std::uint64_t before = leaked();
    taken = write([&] { return batches % 3 == 2 ? e.erase("b") : e.put("b", numbered("v", batches)); });
    if (taken) {
      ASSERT_LE(before, options.limits.max_retired_bytes) << "a batch was taken above the bound";
    }
    most_at_once = std::max(most_at_once, leaked() - before);
    ASSERT_LT(batches, 10'000U) << "the bound was passed";
  }
  EXPECT_GT(batches, 20U);
  const EngineStats stats = e.table().stats();
  EXPECT_TRUE(stats.leak_full);
  EXPECT_GT(stats.leaked_bytes, options.limits.max_retired_bytes);
  EXPECT_LE(stats.leaked_bytes, options.limits.max_retired_bytes + most_at_once)
      << "one batch beyond at most";
  const std::string last = e.read("b");
  for (int i = 0; i < 5; ++i) {
    for (const char* key : {"a", "b", "c"}) {
      EXPECT_FALSE(write([&] { return e.put(key, "more"); }));
      EXPECT_FALSE(write([&] { return e.erase(key); }));
    }
    EXPECT_EQ(e.read("a"), "stays");
    EXPECT_EQ(e.read("b"), last);
    EXPECT_EQ(e.read("c"), "(absent)");
    EXPECT_EQ(e.hold()->revision(), e.revision()) << "revisions go on";
  }
  EXPECT_EQ(leaked(), stats.leaked_bytes);
  EXPECT_EQ(e.table().stats().retired_bytes, stats.retired_bytes);
  close();
  EXPECT_EQ(Record::live(), records);
}

}  // namespace
}  // namespace flashkv::test
