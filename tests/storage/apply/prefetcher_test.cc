#include "storage/apply/prefetcher.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "storage/apply/change_set.h"
#include "storage/apply/request_plan.h"
#include "storage/request/request_list.h"
#include "tests/support/calls.h"

namespace flashkv::test {
namespace {

// Remembers what it is asked to prefetch.
class ListeningEngine final : public AnyEngine {
 public:
  const Traits& traits() const noexcept override { return traits_; }
  std::string_view guard() const noexcept override { return ""; }
  KeyHash hash() const noexcept override { return KeyHash{}; }
  std::unique_ptr<ReadHandle> make_reader(const Clock&) override { return nullptr; }
  bool try_begin_batch(Nanos) noexcept override { return true; }
  Record* find(const Probe&) noexcept override { return nullptr; }
  void prefetch(std::span<const Probe> probes) noexcept override {
    for (const Probe& p : probes) asked.push_back(p.hash);
  }
  bool reserve(std::span<const Probe>) noexcept override { return true; }
  void upsert(Record*, std::uint64_t) noexcept override {}
  void erase(const Probe&) noexcept override {}
  void publish(std::uint64_t) noexcept override {}
  std::uint64_t published() const noexcept override { return 0; }
  EngineStats stats() const noexcept override { return {}; }

  std::vector<std::uint64_t> asked;

 private:
  Traits traits_;
};

TEST(PrefetcherTest, EveryKeyIsAskedForOnceBeforeItsTurn) {
  std::mt19937 random(3);
  for (int round = 0; round < 200; ++round) {
    std::vector<Call> calls(1 + random() % 60);
    RequestList list;
    std::uint64_t number = 0;
    for (Call& c : calls) {
      const std::size_t ops = random() % 3 == 0 ? random() % 300 : random() % 3;
      for (std::size_t i = 0; i < ops; ++i) {
        c.get("k");
        c.op().hash = number++;
      }
      list.push(c);
    }
    ListeningEngine engine;
    StagedState staged(engine);
    Prefetcher prefetcher;
    prefetcher.start(staged, list.first());
    std::uint64_t passed = 0;
    while (!list.empty()) {
      const std::size_t ops = list.first()->ops.size();
      // A request may fail half way: the rest is passed in one go.
      const std::size_t one_by_one = random() % 2 == 0 || ops == 0 ? ops : random() % ops;
      for (std::size_t i = 0; i < one_by_one; ++i) {
        ASSERT_GT(engine.asked.size(), passed) << "round " << round;
        ASSERT_LE(engine.asked.size(), passed + Prefetcher::kDistance);
        prefetcher.passed(1);
        ++passed;
      }
      prefetcher.passed(ops - one_by_one);
      passed += ops - one_by_one;
      list.pop();
    }
    ASSERT_EQ(engine.asked.size(), number);
    for (std::uint64_t i = 0; i < number; ++i) ASSERT_EQ(engine.asked[i], i);
  }
}

// Only the first list of a transaction is prefetched. The plan passes it whichever list it takes, and also
// when the request fails.
TEST(PrefetcherTest, TransactionsArePassedWholeWhicheverListIsTaken) {
  ListeningEngine engine;  // it has no keys
  StagedState staged(engine);
  const StoreLimits limits;
  RequestPlan plan(staged, limits);
  std::vector<Call> calls(90);
  RequestList list;
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < calls.size(); ++i) {
    Call& c = calls[i];
    if (i % 3 == 0) c.when("k", Target::kExists, Comparison::kEqual, 0);
    for (std::size_t op = 0; op < 5; ++op) {
      // Every third request fails at its second operation: a put without its record.
      c.add(i % 3 == 1 && op == 1 ? OpKind::kPut : OpKind::kGet, "k");
      c.op().hash = number++;
    }
    c.or_else();
    for (std::size_t op = 0; op < 7; ++op) c.get("k");
    list.push(c);
  }
  plan.look_ahead(list.first());
  std::uint64_t passed = 0;
  for (std::size_t i = 0; i < calls.size(); ++i) {
    ASSERT_GE(engine.asked.size(), std::min(number, passed + calls[i].ops.size())) << "request " << i;
    ASSERT_LE(engine.asked.size(), passed + Prefetcher::kDistance) << "request " << i;
    EXPECT_EQ(plan.prepare(calls[i], 1, 0), i % 3 != 1);
    EXPECT_EQ(calls[i].held, i % 3 != 0);
    passed += calls[i].ops.size();
    list.pop();
  }
  ASSERT_EQ(engine.asked.size(), number);
  for (std::uint64_t i = 0; i < number; ++i) ASSERT_EQ(engine.asked[i], i);
}

TEST(ChangeSetTest, FindsWhatWasAddedInSmallAndLargeRequests) {
  for (const std::size_t ops : {1U, 8U, 9U, 1000U, 3U}) {
    ChangeSet set;
    for (int again = 0; again < 2; ++again) {
      set.begin(ops);
      std::vector<std::string> keys(ops);
      for (std::size_t i = 0; i < ops; ++i) {
        keys[i] = numbered("k", i);
        const Probe probe{keys[i], i % 3};
        EXPECT_EQ(set.find(probe), nullptr);
        set.add(probe, nullptr);
      }
      for (std::size_t i = 0; i < ops; ++i) {
        Change* c = set.find(Probe{keys[i], i % 3});
        ASSERT_NE(c, nullptr);
        EXPECT_EQ(c->probe.key, keys[i]);
      }
      EXPECT_EQ(set.find(Probe{"other", 0}), nullptr);
      EXPECT_EQ(set.all().size(), ops);
    }
  }
}

}  // namespace
}  // namespace flashkv::test
