// reserve() with an allocator that runs dry (conformance/allocation_fixture.h): between requests of a
// batch, too.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/conformance/allocation_fixture.h"
#include "tests/storage/engine/parts/word_engines.h"

namespace flashkv::test {
namespace {

constexpr std::uint64_t kOld = 12;
constexpr std::uint64_t kNew = 20;

template <typename E>
class WordEngineAllocation : public AllocationFixture<E> {
 protected:
  void after_commit(E& engine) override {
    ASSERT_EQ(engine.stats().retired_bytes, engine.stats().leaked_bytes);
  }
};
TYPED_TEST_SUITE(WordEngineAllocation, WordEngines);

TYPED_TEST(WordEngineAllocation, LeavesTheEngineAsItWasUntilThereIsEnough) {
  for (const std::uint64_t mask : word_masks()) {
    SCOPED_TRACE(mask);
    const KeyHash hash{8, mask};
    this->run(hash, kOld, kNew, 6, [&] { return TypeParam(word_options(hash)); });
  }
}

// Memory runs out in the middle of a batch: what was promised before that request still holds.
TYPED_TEST(WordEngineAllocation, ARefusedRequestLeavesEarlierPromisesOfTheBatch) {
  const std::int64_t records = Record::live();
  for (const std::uint64_t mask : word_masks()) {
    const KeyHash hash{8, mask};
    this->make_keys(hash, kOld, kNew);
    bool prepared = false;
    for (long allowed = 0; !prepared; ++allowed) {
      ASSERT_LT(allowed, 10'000);
      TypeParam engine(word_options(hash));
      this->start(engine);
      for (const Probe& p : this->old_keys()) ASSERT_TRUE(engine.reserve({&p, 1}));
      for (const Probe& p : this->new_keys().first(kNew / 2)) ASSERT_TRUE(engine.reserve({&p, 1}));
      allocations_left = allowed;
      // Words that were promised before are among those of the request that fails.
      prepared = engine.reserve(this->all_keys());
      allocations_left = -1;
      std::vector<RecordPtr> made;
      for (const Probe& p : this->new_keys())
        made.push_back(Record::make(p.key, "new", Record::Expiry::kNone));
      if (!prepared) made.resize(kNew / 2);
      allocations_left = 0;
      for (std::size_t i = made.size(); i-- > 0;) engine.upsert(made[i].release(), this->new_keys()[i].hash);
      for (const Probe& p : this->old_keys()) engine.erase(p);
      engine.publish(2);
      allocations_left = -1;
      this->expect_found(engine, this->old_keys(), "none");
      this->expect_found(engine, this->new_keys().first(made.size()), "new");
      this->expect_found(engine, this->new_keys().subspan(made.size()), "none");
      if (this->HasFatalFailure()) return;
    }
  }
  EXPECT_EQ(Record::live(), records);
}

// What a refused request had gathered serves the next: refusals do not add up within a batch.
TYPED_TEST(WordEngineAllocation, RefusalsDoNotAddUp) {
  const KeyHash hash{8, 0xffff'ffff};
  this->make_keys(hash, kOld, kNew);
  TypeParam unhurt(word_options(hash));
  this->start(unhurt);
  ASSERT_TRUE(unhurt.reserve(this->old_keys()));
  ASSERT_TRUE(unhurt.reserve(this->new_keys()));
  long refused = 0;
  for (long allowed = 0; allowed < 60; ++allowed) {
    TypeParam engine(word_options(hash));
    this->start(engine);
    ASSERT_TRUE(engine.reserve(this->old_keys()));
    bool prepared = false;
    for (int tries = 0; tries < 20 && !prepared; ++tries) {
      allocations_left = allowed;
      prepared = engine.reserve(this->new_keys());
      allocations_left = -1;
      refused += prepared ? 0 : 1;
    }
    ASSERT_TRUE(prepared || engine.reserve(this->new_keys()));
    ASSERT_LE(engine.stats().index_bytes, unhurt.stats().index_bytes) << "with " << allowed << " allocations";
  }
  EXPECT_GT(refused, 20);
}

TEST(NodePoolAllocation, PromisesAllLevelsOrNone) {
  radix::NodePool pool(radix::Slices(8));
  ASSERT_TRUE(pool.reserve(1, 1));
  const auto before = pool.mark();
  allocations_left = 2;
  const bool reserved = pool.reserve(2, 7);
  allocations_left = -1;
  EXPECT_FALSE(reserved);
  EXPECT_EQ(pool.mark(), before);
}

// The constructor is the one place that may throw; what it had is freed (sanitizers see the rest).
TYPED_TEST(WordEngineAllocation, TheConstructorThrowsWithoutMemory) {
  const long failures = failures_until_made([] { TypeParam engine(word_options(KeyHash{8})); });
  EXPECT_GE(failures, 1);
  EXPECT_LT(failures, kNeverEnough);
}

}  // namespace
}  // namespace flashkv::test
