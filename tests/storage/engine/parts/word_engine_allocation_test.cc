// reserve() with an allocator that runs dry: whichever allocation it is, nothing that is found changes; and
// after it nothing needs memory any more.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/storage/engine/parts/word_engines.h"
#include "tests/support/engine_batch.h"
#include "tests/support/failing_new.h"

namespace flashkv::test {
namespace {

constexpr std::uint64_t kOld = 12;
constexpr std::uint64_t kNew = 20;

template <typename E>
class WordEngineAllocation : public ::testing::Test {
 protected:
  void make_keys(KeyHash hash) {
    keys_.clear();
    probes_.clear();
    for (std::uint64_t n = 0; n < kOld + kNew; ++n) keys_.push_back(named("key", n));
    for (const std::string& key : keys_) probes_.push_back({key, hash(key)});
  }
  std::span<const Probe> old_keys() const { return std::span(probes_).first(kOld); }
  std::span<const Probe> new_keys() const { return std::span(probes_).subspan(kOld); }
  void expect_found(E& engine, std::span<const Probe> probes, std::string_view value) {
    for (const Probe& p : probes) {
      const Record* found = engine.lookup(p);
      ASSERT_EQ(found == nullptr ? "none" : found->value(), value) << p.key;
      ASSERT_EQ(engine.find(p), found);
    }
  }
  void start(E& engine) {
    ASSERT_TRUE(engine.try_begin_batch(0));
    ASSERT_TRUE(engine.reserve(old_keys()));
    for (const Probe& p : old_keys()) {
      engine.upsert(Record::make(p.key, "old", Record::Expiry::kNone).release(), p.hash);
    }
    engine.publish(1);
    ASSERT_TRUE(engine.try_begin_batch(0));
  }
  // All the old keys erased and the new ones written, without a byte from the allocator.
  void commit(E& engine, bool new_ones_first) {
    std::vector<RecordPtr> made;
    for (const Probe& p : new_keys()) made.push_back(Record::make(p.key, "new", Record::Expiry::kNone));
    const auto write = [&] {
      for (std::size_t i = 0; i < made.size(); ++i) engine.upsert(made[i].release(), new_keys()[i].hash);
    };
    allocations_left = 0;
    if (new_ones_first) write();
    for (const Probe& p : old_keys()) engine.erase(p);
    if (!new_ones_first) write();
    engine.publish(2);
    const bool opened = engine.try_begin_batch(0);
    allocations_left = -1;
    ASSERT_TRUE(opened);
    expect_found(engine, old_keys(), "none");
    expect_found(engine, new_keys(), "new");
    ASSERT_EQ(engine.stats().retired_bytes, engine.stats().leaked_bytes);
  }

  std::vector<std::string> keys_;
  std::vector<Probe> probes_;
};
TYPED_TEST_SUITE(WordEngineAllocation, WordEngines);

TYPED_TEST(WordEngineAllocation, LeavesTheEngineAsItWasUntilThereIsEnough) {
  const std::int64_t records = Record::live();
  for (const std::uint64_t mask : word_masks()) {
    const KeyHash hash{8, mask};
    this->make_keys(hash);
    long failures = 0;
    bool prepared = false;
    for (long allowed = 0; !prepared; ++allowed) {
      ASSERT_LT(allowed, 10'000);
      TypeParam engine(word_options(hash));
      this->start(engine);
      const std::uint64_t bytes = engine.stats().index_bytes;
      allocations_left = allowed;
      prepared = engine.reserve(this->probes_);
      allocations_left = -1;
      this->expect_found(engine, this->old_keys(), "old");
      this->expect_found(engine, this->new_keys(), "none");
      ASSERT_EQ(engine.stats().keys, kOld);
      if (!prepared) {
        ++failures;
        ASSERT_LE(engine.stats().index_bytes, bytes + (std::uint64_t{64} << 10))
            << "a promise was not taken back";
        ASSERT_TRUE(engine.reserve(this->probes_)) << "the same keys, with memory again";
      }
      this->commit(engine, allowed % 2 == 0);
      if (this->HasFatalFailure()) return;
    }
    EXPECT_GT(failures, 5) << mask;
  }
  EXPECT_EQ(Record::live(), records);
}

// Memory runs out in the middle of a batch: what was promised before that request still holds.
TYPED_TEST(WordEngineAllocation, ARefusedRequestLeavesEarlierPromisesOfTheBatch) {
  const std::int64_t records = Record::live();
  for (const std::uint64_t mask : word_masks()) {
    const KeyHash hash{8, mask};
    this->make_keys(hash);
    bool prepared = false;
    for (long allowed = 0; !prepared; ++allowed) {
      ASSERT_LT(allowed, 10'000);
      TypeParam engine(word_options(hash));
      this->start(engine);
      for (const Probe& p : this->old_keys()) ASSERT_TRUE(engine.reserve({&p, 1}));
      for (const Probe& p : this->new_keys().first(kNew / 2)) ASSERT_TRUE(engine.reserve({&p, 1}));
      allocations_left = allowed;
      // Words that were promised before are among those of the request that fails.
      prepared = engine.reserve(this->probes_);
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
  this->make_keys(hash);
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
