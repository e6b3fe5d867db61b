// Memory that runs out: reserve() says so and changes nothing; nothing else allocates.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "storage/watch/history.h"
#include "storage/watch/history_reader.h"
#include "tests/support/failing_new.h"

namespace flashkv::test {
namespace {

constexpr std::uint64_t kBound = std::uint64_t{1} << 20;

RecordPtr record_of(std::size_t bytes) {
  RecordPtr r = Record::make("key", std::string(bytes, 'v'), Record::Expiry::kNone);
  r->retain();
  return r;
}

// As the table does when it lets go of a record.
void release(RecordPtr& r) { r.release()->release(); }

std::size_t count_from(WatchHistory& history, std::uint64_t revision) {
  HistoryReader reader(history);
  HistoryCursor at;
  std::size_t events = 0;
  if (!reader.seek(revision, at)) return 0;
  reader.read(at, 1'000'000, [&](const WatchEvent&) { return ++events != 0; });
  return events;
}

TEST(WatchHistoryAllocation, WhicheverFailsTheNextReserveGoesOn) {
  constexpr std::size_t kEvents = 20'000;  // more chunks than the first directory holds
  WatchHistory history(kBound, 0);
  RecordPtr record = record_of(1);
  long failures = 0;
  for (bool reserved = false; !reserved; ++failures) {
    ASSERT_LT(failures, 1'000);
    fail_once = true;
    allocations_left = failures;
    reserved = history.reserve(kEvents, 0);
    const bool ran_out = allocations_left < 0;
    allocations_left = -1;
    ASSERT_EQ(reserved, !ran_out) << "allocation " << failures;
  }
  EXPECT_GE(failures, 3);
  allocations_left = 0;
  for (std::size_t i = 0; i < kEvents; ++i) history.append({1, record.get(), nullptr, EventKind::kPut});
  history.publish(1);
  EXPECT_GE(allocations_left, 0) << "something was allocated after reserve()";
  allocations_left = -1;
  EXPECT_EQ(count_from(history, 1), kEvents);
  release(record);
}

// Records so large that each ends its chunk, mixed with small ones.
TEST(WatchHistoryAllocation, ReserveCountsTheChunksThatLargeRecordsEnd) {
  WatchHistory history(kBound, 0);
  for (std::uint64_t revision = 1; revision <= 50; ++revision) {
    std::vector<RecordPtr> previous;
    std::uint64_t bytes = 0;
    for (std::size_t i = 0; i < 64; ++i) {
      previous.push_back(record_of(i % revision == 0 ? 70'000 : 10 * i));
      bytes += previous.back()->bytes();
    }
    ASSERT_TRUE(history.reserve(previous.size(), bytes));
    allocations_left = 0;
    for (const RecordPtr& r : previous) history.append({revision, nullptr, r.get(), EventKind::kDelete});
    for (RecordPtr& r : previous) release(r);
    history.publish(revision);
    EXPECT_GE(allocations_left, 0) << "something was allocated after reserve()";
    allocations_left = -1;
    ASSERT_EQ(count_from(history, revision), previous.size());
  }
}

}  // namespace
}  // namespace flashkv::test
