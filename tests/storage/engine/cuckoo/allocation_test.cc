// reserve() with an allocator that runs dry: whichever allocation it is, nothing that is found changes; and
// after it nothing needs memory any more.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/storage/engine/cuckoo/cuckoo_engines.h"
#include "tests/support/failing_new.h"

namespace flashkv::test {
namespace {

constexpr std::uint64_t kOld = 40;
constexpr std::uint64_t kNew = 60;

template <typename E>
class CuckooAllocation : public ::testing::Test {
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
    for (const Probe& p : old_keys()) ASSERT_TRUE(put_hashed(engine, p, "old"));
    engine.publish(1);
    ASSERT_TRUE(engine.try_begin_batch(0));
  }
  // All the old keys erased and the new ones written, without a byte from the allocator; twice, because the
  // second opening brings the other table level.
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
      E engine(EngineOptions{});
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
TYPED_TEST_SUITE(CuckooAllocation, CuckooEngines);

// The lists, and two tables for each doubling or one, with a copy before.
TYPED_TEST(CuckooAllocation, LeavesTheEngineAsItWasUntilThereIsEnough) { this->run(KeyHash{8}, 3); }
// A chain for every key that shares its hash, again and again as they grow.
TYPED_TEST(CuckooAllocation, AlsoWhereHashesCollide) { this->run(KeyHash{8, 0xf}, 20); }

// With as few allocations as let a request pass, there is none for a smaller table.
TYPED_TEST(CuckooAllocation, ATableThatCannotShrinkStaysAsItIs) {
  this->make_keys(KeyHash{8});
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
