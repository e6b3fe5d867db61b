// reserve() with an allocator that runs dry, for any engine by its type: whichever allocation it is, nothing
// that is found changes; and after it nothing needs memory any more.
#pragma once

#include <gtest/gtest.h>

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/engine_batch.h"
#include "tests/support/failing_new.h"

namespace flashkv::test {

// Purpose: an engine with some keys in it is asked for many more, with one allocation more each time until
//          that is enough; each time all of it is then done with none.
// Usage:   template <typename E> class MyAllocation : public AllocationFixture<E> {};
//          TYPED_TEST(MyAllocation, ...) { this->run(hash, old, fresh, failures, [&] { return
//          TypeParam(options); }); }
// Limits:  the program links flashkv_failing_new.
template <Engine E>
class AllocationFixture : public ::testing::Test {
 protected:
  void make_keys(KeyHash hash, std::size_t old_ones, std::size_t new_ones) {
    keys_.clear();
    probes_.clear();
    old_ = old_ones;
    for (std::size_t n = 0; n < old_ones + new_ones; ++n) keys_.push_back(named("key", n));
    for (const std::string& key : keys_) probes_.push_back({key, hash(key)});
  }
  std::span<const Probe> all_keys() const { return probes_; }
  std::span<const Probe> old_keys() const { return all_keys().first(old_); }
  std::span<const Probe> new_keys() const { return all_keys().subspan(old_); }

  // By a reader and, between try_begin_batch() and publish(), by the writer.
  void expect_found(E& engine, std::span<const Probe> probes, std::string_view value) {
    for (const Probe& p : probes) {
      ASSERT_EQ(seen(engine, p), value) << p.key;
      const Record* staged = engine.find(p);
      ASSERT_EQ(staged == nullptr ? "none" : staged->value(), value) << p.key;
    }
  }
  // The old keys, published, and a batch begun.
  void start(E& engine) {
    ASSERT_TRUE(engine.try_begin_batch(0));
    ASSERT_TRUE(engine.reserve(old_keys()));
    for (const Probe& p : old_keys()) {
      engine.upsert(Record::make(p.key, "old", Record::Expiry::kNone).release(), p.hash);
    }
    engine.publish(1);
    ASSERT_TRUE(engine.try_begin_batch(0));
  }
  // All the old keys erased and the new ones written, published, and the next batch begun, without a byte
  // from the allocator.
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
    const bool begun = engine.try_begin_batch(0);
    allocations_left = -1;
    ASSERT_TRUE(begun);
    expect_found(engine, old_keys(), "none");
    expect_found(engine, new_keys(), "new");
  }
  // One of the cases: true when so many allocations were enough.
  bool reserves_with(E& engine, long allowed) {
    const std::uint64_t bytes = engine.stats().index_bytes;
    allocations_left = allowed;
    const bool reserved = engine.reserve(all_keys());
    allocations_left = -1;
    expect_found(engine, old_keys(), "old");
    expect_found(engine, new_keys(), "none");
    EXPECT_EQ(engine.stats().keys, old_);
    if (reserved) return true;
    EXPECT_LE(engine.stats().index_bytes, bytes + kKept) << "a promise was not taken back";
    if (allowed % 4 >= 2) {  // what is left of it lapses
      engine.publish(1);
      EXPECT_TRUE(engine.try_begin_batch(0));
    }
    EXPECT_TRUE(engine.reserve(all_keys())) << "the same keys, with memory again";
    return false;
  }
  template <typename Make>
  void run(KeyHash hash, std::size_t old_ones, std::size_t new_ones, long least_failures, Make make) {
    make_keys(hash, old_ones, new_ones);
    const std::int64_t records = Record::live();
    long failures = 0;
    for (bool reserved = false; !reserved; failures += reserved ? 0 : 1) {
      ASSERT_LT(failures, 10'000);
      E engine = make();
      start(engine);
      reserved = reserves_with(engine, failures);
      commit(engine, failures % 2 == 0);
      if (this->HasFailure()) return;
      after_commit(engine);
    }
    EXPECT_GE(failures, least_failures);
    EXPECT_EQ(Record::live(), records);
  }
  virtual void after_commit(E&) {}

 private:
  static constexpr std::uint64_t kKept = std::uint64_t{64}
                                         << 10;  // of pools and spare tables, for the next request

  std::vector<std::string> keys_;
  std::vector<Probe> probes_;
  std::size_t old_ = 0;
};

}  // namespace flashkv::test
