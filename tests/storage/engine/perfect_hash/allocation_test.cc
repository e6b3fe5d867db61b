// reserve() with an allocator that runs dry: whichever allocation it is, nothing that is found changes; and
// after it nothing needs memory any more.
#include "tests/storage/engine/perfect_hash/perfect_hash_engines.h"
#include "tests/support/failing_new.h"

namespace flashkv::test {
namespace {

constexpr std::uint64_t kOld = 14;  // in one slot
constexpr std::uint64_t kNew = 40;  // and with these in 256

template <typename E>
class PerfectHashAllocation : public ::testing::Test {
 protected:
  void make_keys(KeyHash hash) {
    for (std::uint64_t n = 0; n < kOld + kNew; ++n) keys_.push_back(named("key", n));
    for (const std::string& key : keys_) probes_.push_back({key, hash(key)});
  }
  std::span<const Probe> old_keys() const { return std::span(probes_).first(kOld); }
  std::span<const Probe> new_keys() const { return std::span(probes_).subspan(kOld); }
  void expect_found(E& engine, std::span<const Probe> probes, std::string_view value) {
    for (const Probe& p : probes) {
      ASSERT_EQ(seen(engine, p), value) << p.key;
      const Record* staged = engine.find(p);
      ASSERT_EQ(staged == nullptr ? "none" : staged->value(), value) << p.key;
    }
  }
  void start(E& engine) {
    ASSERT_TRUE(engine.try_begin_batch(0));
    for (const Probe& p : old_keys()) {
      ASSERT_TRUE(engine.reserve({&p, 1}));
      engine.upsert(Record::make(p.key, "old", Record::Expiry::kNone).release(), p.hash);
    }
    engine.publish(1);
    ASSERT_TRUE(engine.try_begin_batch(0));
  }
  // All the old keys erased and the new ones written without a byte from the allocator, and the next opening,
  // which would like to move slots on.
  void commit(E& engine) {
    std::vector<RecordPtr> made;
    for (const Probe& p : new_keys()) made.push_back(Record::make(p.key, "new", Record::Expiry::kNone));
    allocations_left = 0;
    for (std::size_t i = 0; i < made.size(); ++i) engine.upsert(made[i].release(), new_keys()[i].hash);
    for (const Probe& p : old_keys()) engine.erase(p);
    engine.publish(2);
    const bool opened = engine.try_begin_batch(0);
    allocations_left = -1;
    ASSERT_TRUE(opened);
    expect_found(engine, old_keys(), "none");
    expect_found(engine, new_keys(), "new");
  }
  void run(KeyHash hash, long least_failures) {
    make_keys(hash);
    const std::int64_t records = Record::live();
    long failures = 0;
    bool prepared = false;
    for (long allowed = 0; !prepared; ++allowed) {
      ASSERT_LT(allowed, 10'000);
      E engine(EngineOptions{.hash = hash});
      start(engine);
      allocations_left = allowed;
      prepared = engine.reserve(probes_);
      allocations_left = -1;
      expect_found(engine, old_keys(), "old");
      expect_found(engine, new_keys(), "none");
      ASSERT_EQ(engine.stats().keys, kOld);
      if (!prepared) {
        ++failures;
        if (allowed % 2 == 0) {  // what is left of it lapses
          engine.publish(1);
          ASSERT_TRUE(engine.try_begin_batch(0));
        }
        ASSERT_TRUE(engine.reserve(probes_)) << "the same keys, with memory again";
      }
      commit(engine);
      if (this->HasFatalFailure()) return;
    }
    EXPECT_GE(failures, least_failures);
    EXPECT_EQ(Record::live(), records);
  }

  std::vector<std::string> keys_;
  std::vector<Probe> probes_;
};
TYPED_TEST_SUITE(PerfectHashAllocation, PerfectHashEngines);

// A bucket and a draft a slot, and the array that follows.
TYPED_TEST(PerfectHashAllocation, LeavesTheEngineAsItWasUntilThereIsEnough) {
  this->run(KeyHash{8}, 2 * static_cast<long>(kNew));
}
// A chain for every key that shares its hash, again and again as they grow.
TYPED_TEST(PerfectHashAllocation, AlsoWhereHashesCollide) { this->run(KeyHash{8, 0xf}, 20); }

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
