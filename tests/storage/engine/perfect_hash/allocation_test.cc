// reserve() with an allocator that runs dry (conformance/allocation_fixture.h), and growth without memory.
#include "tests/conformance/allocation_fixture.h"
#include "tests/storage/engine/perfect_hash/perfect_hash_engines.h"

namespace flashkv::test {
namespace {

constexpr std::uint64_t kOld = 14;  // in one slot
constexpr std::uint64_t kNew = 40;  // and with these in 256

template <typename E>
class PerfectHashAllocation : public AllocationFixture<E> {
 protected:
  void run_with(KeyHash hash, long least_failures) {
    this->run(hash, kOld, kNew, least_failures, [&] { return E(EngineOptions{.hash = hash}); });
  }
};
TYPED_TEST_SUITE(PerfectHashAllocation, PerfectHashEngines);

// A bucket and a draft a slot, and the array that follows.
TYPED_TEST(PerfectHashAllocation, LeavesTheEngineAsItWasUntilThereIsEnough) {
  this->run_with(KeyHash{8}, 2 * static_cast<long>(kNew));
}
// A chain for every key that shares its hash, again and again as they grow.
TYPED_TEST(PerfectHashAllocation, AlsoWhereHashesCollide) { this->run_with(KeyHash{8, 0xf}, 20); }

// A growing table asks for memory before each batch: without it slots stay where they are, and everything is
// found.
TYPED_TEST(PerfectHashAllocation, GrowthThatCannotGoOnWaits) {
  const KeyHash hash{8};
  TypeParam engine(EngineOptions{.hash = hash});
  for (std::uint64_t first = 0; first < 4'200; first += 300) {
    ASSERT_TRUE(engine.try_begin_batch(0));
    for (std::uint64_t n = first; n < first + 300; ++n) stage_put(engine, hash, named("k", n), "v", 1);
    engine.publish(first + 1);
  }
  ASSERT_TRUE(engine.below().index().growing());
  for (long allowed = 0; engine.below().index().growing(); ++allowed) {
    ASSERT_LT(allowed, 10'000);
    allocations_left = allowed;
    const bool opened = engine.try_begin_batch(0);
    engine.publish(9'999);
    allocations_left = -1;
    ASSERT_TRUE(opened);
    if (allowed == 0) {
      ASSERT_TRUE(engine.below().index().growing());
    }
    for (std::uint64_t n = 0; n < 4'200; n += 100) {
      const std::string key = named("k", n);
      ASSERT_EQ(seen(engine, {key, hash(key)}), "v") << key;
    }
  }
}

// The constructor is the one place that may throw; what it had is freed (sanitizers see the rest).
TYPED_TEST(PerfectHashAllocation, TheConstructorThrowsWithoutMemory) {
  const long failures = failures_until_made([] { TypeParam engine(EngineOptions{}); });
  EXPECT_GE(failures, 2) << "the first array's header and the array";
  EXPECT_LT(failures, kNeverEnough);
}

// The array is asked for with every key until there is one; the keys in between are taken or refused for
// themselves.
TYPED_TEST(PerfectHashAllocation, ALargerArrayIsAskedForAgain) {
  const KeyHash hash{8};
  TypeParam engine(EngineOptions{.hash = hash});
  ASSERT_TRUE(engine.try_begin_batch(0));
  for (std::uint64_t n = 0; n < 16; ++n) stage_put(engine, hash, named("k", n), "v", 1);
  engine.publish(1);
  ASSERT_TRUE(engine.try_begin_batch(0));
  const std::string key = "k16";
  const Probe p{key, hash(key)};
  allocations_left = 0;
  EXPECT_FALSE(engine.reserve({&p, 1}));
  allocations_left = -1;
  EXPECT_EQ(engine.below().arrays().last().size(), 1U);
  ASSERT_TRUE(engine.reserve({&p, 1}));
  EXPECT_EQ(engine.below().arrays().last().size(), 256U);
}

}  // namespace
}  // namespace flashkv::test
