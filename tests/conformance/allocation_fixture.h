// Tests of reserve() under allocation failure, for any engine type: whichever allocation fails, the contents
// do not change; and once reserve() has succeeded, the batch needs no more memory.
#pragma once

#include <gtest/gtest.h>

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/engine_batch.h"
#include "tests/support/failing_new.h"

namespace flashkv::test {

// Purpose: reserves many keys in an engine that holds some, with one more allocation allowed each round until
//          that is enough. Each round then applies the batch with none.
// Usage:   template <typename E> class MyAllocation : public AllocationFixture<E> {};
//          TYPED_TEST(MyAllocation, ...) {
//            this->run(hash, old_ones, new_ones, failures, [&] { return TypeParam(options); });
//          }
// Limits:  the program must link flashkv_failing_new.
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

  // What a reader finds, and the writer between try_begin_batch() and publish().
  void expect_found(E& engine, std::span<const Probe> probes, std::string_view value) {
    for (const Probe& p : probes) {
      ASSERT_EQ(seen(engine, p), value) << p.key;
      const Record* staged = engine.find(p);
      ASSERT_EQ(staged == nullptr ? "none" : staged->value(), value) << p.key;
    }
  }
  // Publishes the old keys and begins the next batch.
  void start(E& engine) {
    ASSERT_TRUE(engine.try_begin_batch(0));
    ASSERT_TRUE(engine.reserve(old_keys()));
    for (const Probe& p : old_keys()) {
      engine.upsert(Record::make(p.key, "old", Record::Expiry::kNone).release(), p.hash);
    }
    engine.publish(1);
    ASSERT_TRUE(engine.try_begin_batch(0));
  }
  // Erases the old keys, writes the new ones, publishes and begins the next batch, all without allocating.
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
  // One round: returns true if `allowed` allocations were enough.
  bool reserves_with(E& engine, long allowed) {
    const std::uint64_t bytes = engine.stats().index_bytes;
    allocations_left = allowed;
    const bool reserved = engine.reserve(all_keys());
    allocations_left = -1;
    expect_found(engine, old_keys(), "old");
    expect_found(engine, new_keys(), "none");
    EXPECT_EQ(engine.stats().keys, old_);
    if (reserved) return true;
    EXPECT_LE(engine.stats().index_bytes, bytes + kKept) << "a failed reserve() kept memory";
    if (allowed % 4 >= 2) {  // anything it left behind lapses
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
  // Pools and spare tables, kept for the next request.
  static constexpr std::uint64_t kKept = std::uint64_t{64} << 10;

  std::vector<std::string> keys_;
  std::vector<Probe> probes_;
  std::size_t old_ = 0;
};

}  // namespace flashkv::test
