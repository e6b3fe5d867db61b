// Memory runs out at each allocation of a request, one after the other.
#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <ostream>
#include <string>
#include <thread>

#include "storage/writer/expiry_source.h"
#include "tests/support/failing_new.h"
#include "tests/support/store_fixture.h"

namespace flashkv::test {
namespace {

// All that a reader can learn of a key.
struct Entry {
  std::string value;
  std::uint64_t create_revision = 0;
  std::uint64_t mod_revision = 0;
  std::uint64_t version = 0;
  std::int64_t expires_at_ms = 0;
  bool operator==(const Entry&) const = default;
};
std::ostream& operator<<(std::ostream& out, const Entry& e) {
  return out << e.value << " of " << e.create_revision << ", " << e.mod_revision << ", version " << e.version
             << ", expires " << e.expires_at_ms;
}

struct Content {
  std::uint64_t assigned = 0;
  std::uint64_t published = 0;
  std::uint64_t keys = 0;
  std::uint64_t record_bytes = 0;
  std::map<std::string, Entry> entries{};
};

// Ends the shortage before the test's own sink, which may allocate, hears of anything.
class ReliefSink final : public CompletionSink {
 public:
  explicit ReliefSink(CompletionSink& to) : to_(to) {}
  void complete(Request* first) noexcept override {
    allocations_left = -1;
    to_.complete(first);
  }

 private:
  CompletionSink& to_;
};

class AllocationFailureTest : public StoreTest {
 protected:
  // A request that needs memory for records, copies, change lists, the index and its growth.
  static void fill(Call& c, std::size_t round) {
    c.put(numbered("new", round), "fresh");
    c.put("a", "changed");
    c.op().want_prev = true;
    c.increment("n", 1).append("text", "+").expire("a", 1000).get("a").erase("gone");
    c.op().want_prev = true;
    for (std::size_t i = 0; i < 30; ++i) c.put(numbered("k", round * 30 + i), "v");
  }
  // Of every key that fill() names in this round or has named before.
  Content content(std::size_t round) {
    const StoreStats stats = store().stats();
    Content c{store().assigned_revision(), store().published_revision(), stats.engine.keys,
              stats.engine.record_bytes};
    std::vector<std::string> keys{"a", "n", "text", "gone"};
    for (std::size_t r = 0; r <= round; ++r) keys.push_back(numbered("new", r));
    for (std::size_t i = 0; i < (round + 1) * 30; ++i) keys.push_back(numbered("k", i));
    const auto reader = store().make_reader();
    for (const std::string& key : keys) {
      Entry e;
      Lookup hit{.value = &e.value};
      reader->get(key, hit);
      if (!hit.found) continue;
      e.create_revision = hit.create_revision;
      e.mod_revision = hit.mod_revision;
      e.version = hit.version;
      e.expires_at_ms = hit.expires_at_ms;
      c.entries.emplace(key, std::move(e));
    }
    return c;
  }
  static void expect_same(const Content& now, const Content& before) {
    EXPECT_EQ(now.assigned, before.assigned);
    EXPECT_EQ(now.published, before.published);
    EXPECT_EQ(now.keys, before.keys);
    EXPECT_EQ(now.record_bytes, before.record_bytes);
    EXPECT_EQ(now.entries, before.entries);
  }
};
INSTANTIATE_TEST_SUITE_P(Engines, AllocationFailureTest, ::testing::ValuesIn(served_cases()), EngineName{});

TEST_P(AllocationFailureTest, LeavesTheStoreAsItWasUntilThereIsEnough) {
  long failures = 0;
  for (std::size_t round = 0; round < 4; ++round) {
    Call reset;
    run(reset.put("a", "1").put("n", "41").put("text", "x").put("gone", "here"));
    const Content before = content(round);
    ASSERT_EQ(before.keys, before.entries.size()) << "keys that are not looked at";
    for (long allowed = 0;; ++allowed) {
      ASSERT_LT(allowed, 10'000);
      Call c;
      fill(c, round);
      ASSERT_TRUE(submit(c).ok());
      ReliefSink relief(sink);
      c.sink = &relief;
      allocations_left = allowed;
      store().step();
      allocations_left = -1;
      ASSERT_EQ(c.completions, 1);
      if (c.status.ok()) {
        EXPECT_EQ(value_of("a"), "changed");
        EXPECT_EQ(value_of("n"), "42");
        EXPECT_EQ(value_of("text"), "x+");
        EXPECT_EQ(value_of("gone"), std::nullopt);
        EXPECT_EQ(c.revision, before.assigned + 1);
        break;
      }
      ++failures;
      ASSERT_EQ(c.status.code, Code::kResourceExhausted) << c.status.message;
      ASSERT_EQ(c.status.message, "out of memory");
      ASSERT_FALSE(c.applied);
      ASSERT_EQ(c.outcome(1).kv, nullptr);
      expect_same(content(round), before);
      settle();
      expect_same(content(round), before);
      if (HasFailure()) return;
    }
  }
  EXPECT_GT(failures, 20);
}

// What a failed request had reserved holds up the garbage of the batch before it, on some engines, until it
// is dropped.
TEST_P(AllocationFailureTest, AfterAFailureAnIdleStoreFreesItsGarbageAndComesToRest) {
  put("gone", "here");
  for (long allowed = 0;; ++allowed) {
    ASSERT_LT(allowed, 10'000);
    put("a", std::string(1000, 'x'));
    put("a", "1");
    Call c;
    fill(c, 0);
    ASSERT_TRUE(submit(c).ok());
    ReliefSink relief(sink);
    c.sink = &relief;
    allocations_left = allowed;
    Nanos next = store().step();
    allocations_left = -1;
    ASSERT_EQ(c.completions, 1);
    for (int turns = 0; (next = settle()) != kNever; ++turns) {
      const EngineStats now = store().stats().engine;
      ASSERT_LT(turns, 20'000) << now.retired_bytes << " bytes stay after " << allowed << " allocations";
      clock.advance(next - clock.now());
      std::this_thread::sleep_for(std::chrono::microseconds(100));
    }
    const EngineStats after = store().stats().engine;
    ASSERT_EQ(after.retired_bytes, after.leaked_bytes) << "after " << allowed << " allocations";
    if (c.status.ok()) break;
  }
}

TEST_P(AllocationFailureTest, AnExpiredKeyThatCannotBeRemovedIsTriedAgainLessAndLessOften) {
  Call c;
  for (std::size_t i = 0; i < 50; ++i) c.put_ttl(numbered("k", i), "v", 100);
  run(c);
  clock.advance(100 * kMs);
  const auto starved_step = [this] {
    allocations_left = 0;
    const Nanos next = store().step();
    allocations_left = -1;
    return next;
  };
  starved_step();
  const std::uint64_t kept = store().stats().engine.keys;
  EXPECT_EQ(kept, 50U) << "the first piece needs memory on every engine";
  for (Nanos gap = ExpirySource::kRetryGap; gap <= 4 * ExpirySource::kRetryGap; gap *= 2) {
    EXPECT_EQ(store().stats().writer.expired_keys + store().stats().engine.keys, 50U);
    if (store().stats().engine.keys < kept) break;  // one that can do without has made do
    clock.advance(gap - 1);
    const std::uint64_t tried =
        store().stats().writer.rejected[static_cast<std::size_t>(Code::kResourceExhausted)];
    EXPECT_GT(starved_step(), clock.now()) << "at rest until the gap of " << gap << " is over";
    EXPECT_EQ(store().stats().writer.rejected[static_cast<std::size_t>(Code::kResourceExhausted)], tried);
    clock.advance(1);
    starved_step();
  }
  for (int i = 0; i < 20 && store().stats().engine.keys != 0; ++i) {
    settle();
    clock.advance(ExpirySource::kMaxRetryGap);
  }
  EXPECT_EQ(store().stats().engine.keys, 0U);
  EXPECT_EQ(store().stats().writer.expired_keys, 50U);
}

TEST_P(AllocationFailureTest, ARefusalNeedsNoMemory) {
  options.limits.max_queue_requests = 1;
  Call in;
  Call out;
  ASSERT_TRUE(submit(in.put("a", "1")).ok());
  out.put("b", "1");
  out.sink = &sink;
  allocations_left = 0;
  const Status s = store().submit(out);
  allocations_left = -1;
  EXPECT_EQ(s.code, Code::kResourceExhausted);
  settle();
}

}  // namespace
}  // namespace flashkv::test
