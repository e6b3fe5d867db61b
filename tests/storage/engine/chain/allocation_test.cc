// reserve() with an allocator that runs dry: whichever allocation it is, nothing that is found changes.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/storage/engine/chain/small_engines.h"
#include "tests/support/failing_new.h"

namespace flashkv::test {
namespace {

constexpr std::uint64_t kOld = 40;
constexpr std::uint64_t kNew = 60;

template <typename E>
class ChainAllocation : public ::testing::Test {
 protected:
  ChainAllocation() {
    for (std::uint64_t n = 0; n < kOld + kNew; ++n) {
      std::string key("key");
      keys_.push_back(key += std::to_string(n));
    }
    for (const std::string& key : keys_) probes_.push_back({key, hash_(key)});
  }
  std::span<const Probe> old_keys() const { return std::span(probes_).first(kOld); }
  std::span<const Probe> new_keys() const { return std::span(probes_).subspan(kOld); }
  void upsert(E& engine, std::span<const Probe> probes, std::string_view value) {
    for (const Probe& p : probes) {
      engine.upsert(Record::make(p.key, value, Record::Expiry::kNone).release(), p.hash);
    }
  }
  void expect_found(E& engine, std::span<const Probe> probes, std::string_view value) {
    for (const Probe& p : probes) {
      const Record* found = engine.lookup(p);
      ASSERT_EQ(found == nullptr ? "none" : found->value(), value) << p.key;
      ASSERT_EQ(engine.find(p), found);
    }
  }

  const KeyHash hash_{8};
  std::vector<std::string> keys_;
  std::vector<Probe> probes_;
};
TYPED_TEST_SUITE(ChainAllocation, SmallEngines);

TYPED_TEST(ChainAllocation, LeavesTheEngineAsItWasUntilThereIsEnough) {
  const std::int64_t records = Record::live();
  long failures = 0;
  bool prepared = false;
  for (long allowed = 0; !prepared; ++allowed) {
    ASSERT_LT(allowed, 10'000);
    TypeParam engine;
    ASSERT_TRUE(engine.try_begin_batch(0));
    ASSERT_TRUE(engine.reserve(this->old_keys()));
    this->upsert(engine, this->old_keys(), "old");
    engine.publish(1);
    ASSERT_TRUE(engine.try_begin_batch(0));

    allocations_left = allowed;
    prepared = engine.reserve(this->probes_);
    allocations_left = -1;
    this->expect_found(engine, this->old_keys(), "old");
    this->expect_found(engine, this->new_keys(), "none");
    ASSERT_EQ(engine.stats().keys, kOld);
    if (!prepared) {
      ++failures;
      ASSERT_TRUE(engine.reserve(this->probes_)) << "the same keys, with memory again";
    }
    // After a successful reserve() nothing needs memory any more.
    std::vector<RecordPtr> made;
    for (const Probe& p : this->new_keys()) {
      made.push_back(Record::make(p.key, "new", Record::Expiry::kNone));
    }
    allocations_left = 0;
    for (std::size_t i = 0; i < made.size(); ++i) {
      engine.upsert(made[i].release(), this->new_keys()[i].hash);
    }
    for (const Probe& p : this->old_keys()) engine.erase(p);
    engine.publish(2);
    const bool opened = engine.try_begin_batch(0);
    allocations_left = -1;
    ASSERT_TRUE(opened);
    this->expect_found(engine, this->old_keys(), "none");
    this->expect_found(engine, this->new_keys(), "new");
  }
  EXPECT_GT(failures, 50);
  EXPECT_EQ(Record::live(), records);
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
