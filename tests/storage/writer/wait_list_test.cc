#include "storage/writer/wait_list.h"

#include <gtest/gtest.h>

#include <deque>
#include <utility>
#include <vector>

#include "tests/support/calls.h"

namespace flashkv::test {
namespace {

class WaitListTest : public ::testing::Test {
 protected:
  Call& add(RequestKind kind, std::uint64_t revision, Nanos deadline = kNever) {
    Call& call = calls_.emplace_back(kind);
    call.revision = revision;
    call.deadline = deadline;
    list.add(call);
    return call;
  }
  // What a watermark at this time releases: the request's revision, and whether it was reached.
  using Released = std::vector<std::pair<std::uint64_t, bool>>;
  Released release(std::uint64_t watermark, Nanos now) {
    Released out;
    list.release(watermark, now, [&](Request& r, bool reached) { out.emplace_back(r.revision, reached); });
    return out;
  }

  WaitList list;

 private:
  std::deque<Call> calls_;
};

TEST_F(WaitListTest, AWatermarkReleasesAllUpToItInTheOrderTheyCame) {
  add(RequestKind::kMutation, 3);
  add(RequestKind::kWaitRevision, 1);
  add(RequestKind::kMutation, 4);
  add(RequestKind::kWaitRevision, 3);
  EXPECT_EQ(list.mutations(), 2U);
  EXPECT_EQ(list.reads(), 2U);
  EXPECT_EQ(release(0, 0), Released{});
  EXPECT_EQ(release(3, 0), (Released{{3, true}, {1, true}, {3, true}}));
  EXPECT_EQ(list.mutations(), 1U);
  EXPECT_EQ(list.reads(), 0U);
  EXPECT_EQ(release(3, 0), Released{});
  EXPECT_EQ(release(4, 0), (Released{{4, true}}));
  EXPECT_EQ(list.mutations(), 0U);
}

TEST_F(WaitListTest, ADeadlineReleasesWhatWasNotReached) {
  add(RequestKind::kWaitRevision, 5, 100);
  add(RequestKind::kWaitRevision, 6, 50);
  add(RequestKind::kMutation, 5, 10);
  EXPECT_EQ(list.next_deadline(), 50) << "a mutation's was met when it was applied";
  EXPECT_EQ(release(4, 49), Released{});
  EXPECT_EQ(release(4, 50), (Released{{6, false}}));
  EXPECT_EQ(list.next_deadline(), 100);
  EXPECT_EQ(release(4, 1'000), (Released{{5, false}}));
  EXPECT_EQ(list.next_deadline(), kNever);
  EXPECT_EQ(release(5, 1'000), (Released{{5, true}}));
}

TEST_F(WaitListTest, WhatIsReachedAtItsDeadlineCountsAsReached) {
  add(RequestKind::kWaitRevision, 5, 100);
  EXPECT_EQ(release(5, 100), (Released{{5, true}}));
}

TEST_F(WaitListTest, ALowRevisionThatComesLateIsNotOverlooked) {
  add(RequestKind::kMutation, 9);
  EXPECT_EQ(release(8, 0), Released{});
  add(RequestKind::kWaitRevision, 7);
  EXPECT_EQ(release(8, 0), (Released{{7, true}}));
}

}  // namespace
}  // namespace flashkv::test
