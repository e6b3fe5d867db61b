// The checks on histories written by hand: each kind of violation is found, and none where there is none.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/storage/store/history/order_search.h"
#include "tests/storage/store/history/revision_check.h"

namespace flashkv::test {
namespace {

using testing::HasSubstr;

constexpr Instant kUs = 1'000;

// An operation from `called` to `returned`, in microseconds.
Recorded operation(Instant called, Instant returned, std::uint64_t revision, std::vector<KeyStep> steps) {
  Recorded r;
  r.called = called * kUs;
  r.returned = r.visible = returned * kUs;
  r.revision = revision;
  for (const KeyStep& step : steps) r.took_revision = r.took_revision || step.wrote.has_value();
  r.what = r.took_revision ? "a write" : "a read";
  r.steps = std::move(steps);
  return r;
}
Recorded write(Instant called, Instant returned, std::uint64_t revision, const char* value, int key = 0) {
  return operation(called, returned, revision, {{.key = key, .wrote = value}});
}
KeyStep seen(const char* value, int key = 0) {
  return {.key = key, .saw = value != nullptr ? Content(value) : Content()};
}
Recorded read(Instant called, Instant returned, std::uint64_t revision, const char* value, int key = 0) {
  return operation(called, returned, revision, {seen(value, key)});
}

std::string by_revision(const History& history) { return revision_violation(history, 2); }
std::string by_order(const History& history) { return order_violation(history, 2); }

TEST(HistoryChecks, AcceptsConcurrentOperationsInEitherOrder) {
  const History history = {write(0, 50, 2, "a"), write(10, 40, 1, "b"), read(20, 30, 0, nullptr),
                           read(35, 60, 1, "b"), read(61, 70, 2, "a")};
  EXPECT_EQ(by_revision(history), "");
  EXPECT_EQ(by_order(history), "");
}

TEST(HistoryChecks, FindsAReadOfThePast) {
  const History history = {write(0, 10, 1, "a"), write(20, 30, 2, "b"), read(40, 50, 1, "a")};
  EXPECT_THAT(by_revision(history), HasSubstr("the past"));
  EXPECT_THAT(by_order(history), HasSubstr("no order"));
}

// Two reads in a row see the new value and then the old one; the write is still under way.
TEST(HistoryChecks, FindsReadsThatRunBackward) {
  const History history = {write(0, 10, 1, "a"), write(20, 90, 2, "b"), read(30, 40, 2, "b"),
                           read(50, 60, 1, "a")};
  EXPECT_THAT(by_revision(history), HasSubstr("the past"));
  EXPECT_THAT(by_order(history), HasSubstr("no order"));
}

// The answer is that of another revision than the one it reports: only the check that looks at revisions can
// tell.
TEST(HistoryChecks, FindsAnAnswerThatDoesNotFitItsRevision) {
  const History history = {write(0, 10, 1, "a"), write(20, 60, 2, "b"), read(30, 40, 2, "a")};
  EXPECT_THAT(by_revision(history), HasSubstr("held \"b\" at revision 2, seen was \"a\""));
  EXPECT_EQ(by_order(history), "");
}

// All answers and revisions fit each other, and yet the order of the revisions is not that of real time.
TEST(HistoryChecks, FindsWritesWhoseRevisionsAreExchanged) {
  const History history = {write(0, 10, 2, "a"), write(20, 30, 1, "b"), read(40, 50, 2, "a")};
  EXPECT_THAT(by_revision(history), HasSubstr("the past"));
  EXPECT_THAT(by_order(history), HasSubstr("no order"));
}

TEST(HistoryChecks, FindsAnOperationOnTwoKeysThatSawTwoStates) {
  const History history = {operation(0, 10, 1, {{.key = 0, .wrote = "a"}, {.key = 1, .wrote = "A"}}),
                           operation(20, 60, 2, {{.key = 0, .wrote = "b"}, {.key = 1, .wrote = "B"}}),
                           operation(30, 40, 2, {seen("b", 0), seen("A", 1)})};
  EXPECT_THAT(by_revision(history), HasSubstr("key 1 held \"B\""));
}

// Both found the key absent and both created it.
TEST(HistoryChecks, FindsALostUpdate) {
  KeyStep first = seen(nullptr);
  KeyStep second = seen(nullptr);
  first.wrote = "a";
  second.wrote = "b";
  const History history = {operation(0, 50, 1, {first}), operation(10, 40, 2, {second})};
  EXPECT_THAT(by_revision(history), HasSubstr("seen was nothing"));
  EXPECT_THAT(by_order(history), HasSubstr("no order"));
}

TEST(HistoryChecks, FindsAConditionThatDidNotHoldAndWasAccepted) {
  const History history = {write(0, 10, 1, "a"), operation(20, 30, 1, {{.key = 0, .saw_not = "a"}})};
  EXPECT_THAT(by_revision(history), HasSubstr("which it did not find"));
  EXPECT_THAT(by_order(history), HasSubstr("no order"));
}

TEST(HistoryChecks, FindsRevisionsTakenTwiceOrLeftOut) {
  EXPECT_THAT(by_revision({write(0, 10, 1, "a"), write(20, 30, 1, "b", 1)}), HasSubstr("taken twice"));
  EXPECT_THAT(by_revision({write(0, 10, 1, "a"), write(20, 30, 3, "b", 1)}),
              HasSubstr("the last has revision 3"));
}

TEST(HistoryChecks, FindsAReadBelowTheRevisionItAskedFor) {
  Recorded late = read(5, 8, 0, nullptr);
  late.at_least = 1;
  EXPECT_THAT(by_revision({write(0, 10, 1, "a"), late}), HasSubstr("asked for revision 1"));
}

TEST(HistoryChecks, FindsAVersionThatIsNotTheKeys) {
  KeyStep step = seen("a");
  step.mod_revision = 1;
  step.version = 2;
  EXPECT_THAT(by_revision({write(0, 10, 1, "a"), operation(20, 30, 1, {step})}), HasSubstr("as version 1"));
}

// A write that was only applied may be seen late, but not once a read that asked for it has returned.
TEST(HistoryChecks, AWriteThatIsOnlyAppliedMayBeSeenLate) {
  Recorded applied = write(0, 10, 1, "a");
  applied.published = false;
  applied.visible = 40 * kUs;
  History history = {applied, read(20, 30, 0, nullptr)};
  EXPECT_EQ(by_revision(history), "");
  EXPECT_EQ(by_order(history), "");
  history.push_back(read(50, 60, 0, nullptr));
  EXPECT_THAT(by_order(history), HasSubstr("no order"));
}

// Where batches are not atomic, a removed key may be gone before the revision that removed it is published.
TEST(HistoryChecks, AReadMayBeNewerThanItReportsWhereItSaysSo) {
  Recorded removed = operation(20, 60, 2, {{.key = 0, .wrote = Content()}});
  Recorded early = read(30, 40, 1, nullptr);
  early.reports = Recorded::Reports::kAtLeast;
  EXPECT_EQ(by_revision({write(0, 10, 1, "a"), removed, early}), "");
  removed.called = 45 * kUs;
  EXPECT_THAT(by_revision({write(0, 10, 1, "a"), removed, early}), HasSubstr("seen was nothing"));
}

}  // namespace
}  // namespace flashkv::test
