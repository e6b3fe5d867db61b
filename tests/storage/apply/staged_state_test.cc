// The staged state by itself: no queue, no writer, no front end.
#include "storage/apply/staged_state.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "storage/apply/change_set.h"
#include "storage/order/cursor.h"
#include "tests/support/calls.h"
#include "tests/support/engine_cases.h"

namespace flashkv::test {
namespace {

class StagedStateTest : public ::testing::TestWithParam<EngineCase> {
 protected:
  StagedStateTest() : made_(GetParam().make(hash_)), staged(*made_.table, StagedState::Index::kOrdered) {}

  Probe probe(std::string_view key) const { return {key, hash_(key)}; }
  // The change that puts `key`, or removes it where `value` is null; begins the batch that it belongs to.
  Change change(std::string_view key, const char* value) {
    EXPECT_TRUE(staged.try_begin_batch(0));
    Change c;
    c.probe = probe(key);
    c.base = staged.find(c.probe);
    if (value != nullptr) {
      c.made = Record::make(key, value, Record::Expiry::kNone);
      c.after = c.made.get();
    }
    return c;
  }
  template <typename... C>
  void apply(std::uint64_t revision, C... changes) {
    std::array<Change, sizeof...(C)> all{std::move(changes)...};
    for (Change& c : all) {
      if (c.after != nullptr) c.after->stamp(revision, revision, 1);
    }
    Status why;
    ASSERT_TRUE(staged.prepare(all, why)) << why.message;
    staged.commit(all, revision);
  }
  std::string read(std::string_view key) {
    std::string value;
    Lookup lookup;
    lookup.value = &value;
    made_.table->make_reader(clock)->get(key, lookup);
    return lookup.found ? value : "(absent)";
  }

  // Of a state in order; empty when it has none.
  static std::vector<std::string> keys_of(order::Root root) {
    std::vector<std::string> keys;
    order::Cursor cursor(root, {}, order::Cursor::kForward);
    while (const Record* record = cursor.next()) keys.emplace_back(record->key());
    return keys;
  }

  ManualClock clock;

 private:
  const KeyHash hash_{7};
  TestTable made_;

 protected:
  StagedState staged;
};
INSTANTIATE_TEST_SUITE_P(Engines, StagedStateTest, ::testing::ValuesIn(engine_cases()), EngineName{});

TEST_P(StagedStateTest, CommittedChangesAreStagedAndPublishedTogether) {
  apply(1, change("a", "1"), change("b", "1"));
  apply(2, change("a", nullptr));
  EXPECT_EQ(staged.find(probe("a")), nullptr);
  ASSERT_NE(staged.find(probe("b")), nullptr);
  EXPECT_EQ(read("b"), "(absent)") << "readers see nothing before the publish";
  EXPECT_TRUE(staged.dirty());
  EXPECT_EQ(staged.assigned(), 2U);
  EXPECT_EQ(staged.published(), 0U);
  staged.publish();
  EXPECT_FALSE(staged.is_open());
  EXPECT_FALSE(staged.dirty());
  EXPECT_EQ(staged.published(), 2U);
  EXPECT_EQ(read("a"), "(absent)");
  EXPECT_EQ(read("b"), "1");
}

TEST_P(StagedStateTest, PreparedButNotCommittedChangesNothing) {
  apply(1, change("a", "1"));
  std::array<Change, 1> dropped{change("a", "2")};
  Status why;
  ASSERT_TRUE(staged.prepare(dropped, why));
  EXPECT_EQ(staged.find(probe("a"))->value(), "1");
  staged.publish();
  EXPECT_EQ(staged.published(), 1U);
  EXPECT_EQ(read("a"), "1");
}

TEST_P(StagedStateTest, CollectFreesWhatNoReaderHolds) {
  apply(1, change("a", "a value that takes some memory"));
  staged.publish();
  while (staged.collect()) {
  }
  apply(2, change("a", "2"));
  staged.publish();
  EXPECT_GE(staged.engine_stats().retired_bytes, 30U);
  while (staged.collect()) {
  }
  const EngineStats stats = staged.engine_stats();
  EXPECT_EQ(stats.retired_bytes, stats.leaked_bytes);
  EXPECT_EQ(staged.published(), 2U);
}

TEST_P(StagedStateTest, CollectDropsReservationsThatNothingCameOf) {
  apply(1, change("a", "a value that takes some memory"));
  staged.publish();
  while (staged.collect()) {
  }
  apply(2, change("a", "2"));
  staged.publish();
  std::array<Change, 1> dropped{change("b", "3")};
  Status why;
  ASSERT_TRUE(staged.prepare(dropped, why));
  for (int i = 0; staged.collect(); ++i) {
    ASSERT_LT(i, 10) << staged.engine_stats().retired_bytes
                     << " retired bytes stay behind an unused reservation";
  }
  const EngineStats stats = staged.engine_stats();
  EXPECT_EQ(stats.retired_bytes, stats.leaked_bytes);
  EXPECT_EQ(read("a"), "2");
  EXPECT_EQ(read("b"), "(absent)");
}

TEST_P(StagedStateTest, TheIndexFollowsEveryChangeAndIsPublishedWithThem) {
  apply(1, change("b", "1"), change("a", "1"), change("c", "1"));
  EXPECT_EQ(keys_of(staged.in_order()), (std::vector<std::string>{"a", "b", "c"}));
  const order::Pin* before = staged.pin();
  EXPECT_EQ(keys_of(before->root), std::vector<std::string>{});
  staged.publish();
  const order::Pin* pin = staged.pin();
  EXPECT_EQ(pin->revision, 1U);
  apply(2, change("b", nullptr), change("d", "2"), change("a", "2"));
  EXPECT_EQ(keys_of(staged.in_order()), (std::vector<std::string>{"a", "c", "d"}));
  EXPECT_EQ(keys_of(pin->root), (std::vector<std::string>{"a", "b", "c"}));
  staged.unpin(before);
  staged.unpin(pin);
  staged.publish();
  while (staged.free_unpinned(1)) {
  }
  EXPECT_EQ(staged.index_stats().retired_bytes, 0U);
  EXPECT_EQ(staged.index_stats().keys, 3U);
}

// Reservations for requests that were refused, or prepared anew, would add up until the next publish.
TEST_P(StagedStateTest, PreparingAgainReservesNoMoreOfTheIndex) {
  apply(1, change("a", "1"));
  std::uint64_t once = 0;
  for (int i = 0; i < 100; ++i) {
    std::array<Change, 3> dropped{change("b", "2"), change("c", "2"), change("d", "2")};
    Status why;
    ASSERT_TRUE(staged.prepare(dropped, why));
    if (i == 0) once = staged.index_stats().pool_bytes;
  }
  EXPECT_EQ(staged.index_stats().pool_bytes, once);
  staged.publish();
}

TEST_P(StagedStateTest, KeysWithAnExpiryAreCountedAtThePublish) {
  const auto with_expiry = [&](std::string_view key) {
    Change c = change(key, nullptr);
    c.made = Record::make(key, "1", Record::Expiry::kRoom);
    c.made->set_expires_at_ms(5);
    c.after = c.made.get();
    return c;
  };
  apply(1, with_expiry("a"), with_expiry("b"), change("c", "1"));
  EXPECT_EQ(staged.published_expiring(), 0U);
  staged.publish();
  EXPECT_EQ(staged.published_expiring(), 2U);
  apply(2, change("a", nullptr), change("b", "2"));
  EXPECT_EQ(staged.published_expiring(), 2U);
  staged.publish();
  EXPECT_EQ(staged.published_expiring(), 0U);
}

}  // namespace
}  // namespace flashkv::test
