// reserve() with an allocator that runs dry (conformance/allocation_fixture.h), and a table that finds none
// to shrink.
#include <gtest/gtest.h>

#include "tests/conformance/allocation_fixture.h"
#include "tests/storage/engine/cuckoo/cuckoo_engines.h"

namespace flashkv::test {
namespace {

constexpr std::uint64_t kOld = 40;
constexpr std::uint64_t kNew = 60;

template <typename E>
class CuckooAllocation : public AllocationFixture<E> {
 protected:
  void run_with(KeyHash hash, long least_failures) {
    this->run(hash, kOld, kNew, least_failures, [] { return E(EngineOptions{}); });
  }
};
TYPED_TEST_SUITE(CuckooAllocation, CuckooEngines);

// The lists, and two tables for each doubling or one, with a copy before.
TYPED_TEST(CuckooAllocation, LeavesTheEngineAsItWasUntilThereIsEnough) { this->run_with(KeyHash{8}, 3); }
// A chain for every key that shares its hash, again and again as they grow.
TYPED_TEST(CuckooAllocation, AlsoWhereHashesCollide) { this->run_with(KeyHash{8, 0xf}, 20); }

// With as few allocations as let a request pass, there is none for a smaller table.
TYPED_TEST(CuckooAllocation, ATableThatCannotShrinkStaysAsItIs) {
  this->make_keys(KeyHash{8}, kOld, kNew);
  bool prepared = false;
  for (long allowed = 0; !prepared; ++allowed) {
    ASSERT_LT(allowed, 10);
    TypeParam engine(EngineOptions{});
    this->start(engine);
    ASSERT_TRUE(engine.reserve(this->old_keys()));
    for (const Probe& p : this->old_keys().subspan(1)) engine.erase(p);
    engine.publish(2);
    const unsigned log2 = engine.staged().log2();
    ASSERT_TRUE(engine.try_begin_batch(0));
    allocations_left = allowed;
    prepared = engine.reserve(this->old_keys().first(1));
    allocations_left = -1;
    if (!prepared) continue;
    EXPECT_EQ(engine.staged().log2(), log2);
    engine.publish(3);
    ASSERT_TRUE(engine.try_begin_batch(0));
    ASSERT_TRUE(engine.reserve(this->old_keys().first(1)));
    EXPECT_EQ(engine.staged().log2(), log2 - 1);
  }
}

}  // namespace
}  // namespace flashkv::test
