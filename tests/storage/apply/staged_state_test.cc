// The staged state by itself: no queue, no writer, no front end.
#include "storage/apply/staged_state.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

#include "storage/apply/change_set.h"
#include "tests/support/calls.h"
#include "tests/support/engine_cases.h"

namespace flashkv::test {
namespace {

class StagedStateTest : public ::testing::TestWithParam<EngineCase> {
 protected:
  StagedStateTest() : made_(GetParam().make(hash_)), staged(*made_.table) {}

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

}  // namespace
}  // namespace flashkv::test
