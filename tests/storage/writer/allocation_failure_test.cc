// Memory that runs out at each allocation of a request in turn.
#include <gtest/gtest.h>

#include "tests/storage/writer/failing_new.h"
#include "tests/storage/writer/store_fixture.h"

namespace flashkv::test {
namespace {

// Ends the shortage before the test's own sink, which may allocate, hears of anything.
class ReliefSink final : public CompletionSink {
 public:
  explicit ReliefSink(CompletionSink& to) : to_(to) {}
  void complete(Request* first) noexcept override {
    allocations_left = -1;
    to_.complete(first);
  }

 private:
  CompletionSink& to_;
};

class AllocationFailureTest : public StoreTest {
 protected:
  // A request that needs memory for records, copies, change lists, the index and its growth.
  static void fill(Call& c, std::size_t round) {
    c.put(numbered("new", round), "fresh");
    c.put("a", "changed");
    c.op().want_prev = true;
    c.increment("n", 1).append("text", "+").expire("a", 1000).get("a").erase("gone");
    c.op().want_prev = true;
    for (std::size_t i = 0; i < 30; ++i) c.put(numbered("k", round * 30 + i), "v");
  }
  void expect_untouched(std::size_t round, std::uint64_t revision) {
    EXPECT_EQ(store().assigned_revision(), revision);
    EXPECT_EQ(value_of("a"), "1");
    EXPECT_EQ(value_of("n"), "41");
    EXPECT_EQ(value_of("text"), "x");
    EXPECT_EQ(value_of("gone"), "here");
    EXPECT_EQ(value_of(numbered("new", round)), std::nullopt);
    EXPECT_EQ(value_of(numbered("k", round * 30)), std::nullopt);
  }
};
INSTANTIATE_TEST_SUITE_P(Engines, AllocationFailureTest, ::testing::ValuesIn(engine_cases()), EngineName{});

TEST_P(AllocationFailureTest, LeavesTheStoreAsItWasUntilThereIsEnough) {
  long failures = 0;
  for (std::size_t round = 0; round < 4; ++round) {
    Call reset;
    run(reset.put("a", "1").put("n", "41").put("text", "x").put("gone", "here"));
    const std::uint64_t revision = store().assigned_revision();
    for (long allowed = 0;; ++allowed) {
      ASSERT_LT(allowed, 10'000);
      Call c;
      fill(c, round);
      ASSERT_TRUE(submit(c).ok());
      ReliefSink relief(sink);
      c.sink = &relief;
      allocations_left = allowed;
      store().step();
      allocations_left = -1;
      ASSERT_EQ(c.completions, 1);
      if (c.status.ok()) {
        EXPECT_EQ(value_of("a"), "changed");
        EXPECT_EQ(value_of("n"), "42");
        EXPECT_EQ(value_of("text"), "x+");
        EXPECT_EQ(value_of("gone"), std::nullopt);
        EXPECT_EQ(c.revision, revision + 1);
        break;
      }
      ++failures;
      ASSERT_EQ(c.status.code, Code::kResourceExhausted) << c.status.message;
      ASSERT_EQ(c.status.message, "out of memory");
      ASSERT_FALSE(c.applied);
      ASSERT_EQ(c.outcome(1).kv, nullptr);
      expect_untouched(round, revision);
      if (HasFailure()) return;
      settle();
    }
  }
  EXPECT_GT(failures, 20);
}

TEST_P(AllocationFailureTest, ARefusalNeedsNoMemory) {
  options.max_queue_requests = 1;
  Call in;
  Call out;
  ASSERT_TRUE(submit(in.put("a", "1")).ok());
  out.put("b", "1");
  out.sink = &sink;
  allocations_left = 0;
  const Status s = store().submit(out);
  allocations_left = -1;
  EXPECT_EQ(s.code, Code::kResourceExhausted);
  settle();
}

}  // namespace
}  // namespace flashkv::test
