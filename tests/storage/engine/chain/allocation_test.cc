// reserve() with an allocator that runs dry (conformance/allocation_fixture.h), and arrays without memory.
#include <gtest/gtest.h>

#include <string>
#include <type_traits>
#include <vector>

#include "storage/reclaim/default_periods.h"
#include "storage/reclaim/epoch.h"
#include "tests/conformance/allocation_fixture.h"
#include "tests/support/engines/small_chains.h"

namespace flashkv::test {
namespace {

constexpr std::uint64_t kOld = 40;
constexpr std::uint64_t kNew = 60;

// With either kind of grace periods, where a build has both.
using Served = reclaim::DefaultPeriods;
using SmallEngines =
    std::conditional_t<std::is_same_v<Served, reclaim::Epoch>,
                       ::testing::Types<SmallRcuHash<reclaim::Epoch>, SmallRelativistic<reclaim::Epoch>>,
                       ::testing::Types<SmallRcuHash<reclaim::Epoch>, SmallRcuHash<Served>,
                                        SmallRelativistic<reclaim::Epoch>, SmallRelativistic<Served>>>;

template <typename E>
class ChainAllocation : public AllocationFixture<E> {};
TYPED_TEST_SUITE(ChainAllocation, SmallEngines);

TYPED_TEST(ChainAllocation, LeavesTheEngineAsItWasUntilThereIsEnough) {
  this->run(KeyHash{8}, kOld, kNew, 51, [] { return TypeParam(); });
}

// The constructor is the one place that may throw; what it had is freed (sanitizers see the rest).
TYPED_TEST(ChainAllocation, TheConstructorThrowsWithoutMemory) {
  const long failures = failures_until_made([] { TypeParam engine; });
  EXPECT_GE(failures, 3) << "periods, the array's header and the array";
  EXPECT_LT(failures, kNeverEnough);
}

// An array that has no memory of its own, only of its header, is none.
TEST(ChainAllocationOfArrays, TheHeaderAloneIsNoArray) {
  for (long allowed = 0; allowed < 3; ++allowed) {
    allocations_left = allowed;
    const auto array = chain::Buckets::make(6);
    allocations_left = -1;
    EXPECT_EQ(array != nullptr, allowed == 2) << allowed;
  }
}

// The array of a resize is the one thing that may be missing without a request being refused.
TEST(ChainAllocationOfArrays, WithoutMemoryForAnArrayTheTableStaysAsItIs) {
  SmallRelativistic<reclaim::Epoch> engine;
  const KeyHash hash{8};
  for (std::uint64_t n = 0; n < 50; ++n) {
    std::string key("key");
    key += std::to_string(n);
    const Probe probe{key, hash(key)};
    RecordPtr record = Record::make(key, "value", Record::Expiry::kNone);
    ASSERT_TRUE(engine.try_begin_batch(0));
    if (n == 0) {
      std::vector<Probe> many(100, probe);
      ASSERT_TRUE(engine.reserve(many));  // room for all that follow: what is left to allocate is the array
      engine.publish(1);
      ASSERT_TRUE(engine.try_begin_batch(0));
    }
    allocations_left = 0;
    const bool prepared = engine.reserve({&probe, 1});
    allocations_left = -1;
    ASSERT_TRUE(prepared);
    engine.upsert(record.release(), probe.hash);
    engine.publish(n + 2);
  }
  EXPECT_EQ(engine.buckets().current().size(), 2U);
  for (int batch = 0; batch < 200 && engine.buckets().current().size() == 2U; ++batch) {
    ASSERT_TRUE(engine.try_begin_batch(0));
    ASSERT_TRUE(engine.reserve({}));
    engine.publish(100);
  }
  EXPECT_EQ(engine.buckets().current().size(), 64U);
}

}  // namespace
}  // namespace flashkv::test
