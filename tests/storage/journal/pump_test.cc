#include "storage/journal/journal_pump.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>

#include "tests/storage/journal/journal_fixture.h"

namespace flashkv::test {
namespace {

using State = MemoryDisk::State;

struct Journal {
  explicit Journal(SyncPolicy policy) : pump(disk, policy, 0, clock), map(pump) {}
  void put(const std::string& key, const std::string& value = "1") {
    map.feed.collect();
    map.put(key, value);
    map.publish();
  }
  ManualClock clock;
  MemoryDisk disk;
  JournalPump pump;
  FedMap map;
};

TEST(JournalPump, BatchesAreWrittenInOrderAndSyncedTogether) {
  Journal j(SyncPolicy::kAlways);
  j.put("a", "1");
  j.put("b", "1");
  j.put("a", "2");
  EXPECT_EQ(j.pump.step(), kNever);
  EXPECT_EQ(j.disk.calls, "wwws") << "one sync for all that had come";
  EXPECT_EQ(j.disk.synced, (State{{"a", "2"}, {"b", "1"}}));
  EXPECT_EQ(j.disk.revision, 3U);
  EXPECT_EQ(j.pump.written(), 3U);
  EXPECT_EQ(j.pump.synced(), 3U);
  EXPECT_EQ(j.pump.counts().batches, 3U);
  EXPECT_EQ(j.pump.counts().entries, 3U);
  EXPECT_EQ(j.pump.counts().syncs, 1U);
}

TEST(JournalPump, EverySecondSyncsASecondAfterTheFirstWrite) {
  Journal j(SyncPolicy::kEverySecond);
  j.put("a");
  const Nanos due = j.pump.step();
  EXPECT_EQ(due, j.clock.now() + JournalPump::kSyncGap);
  j.clock.advance(JournalPump::kSyncGap / 2);
  j.put("b");
  EXPECT_EQ(j.pump.step(), due) << "a later write does not put it off";
  EXPECT_EQ(j.pump.synced(), 0U);
  EXPECT_EQ(j.pump.written(), 2U);
  j.clock.advance(JournalPump::kSyncGap / 2);
  EXPECT_EQ(j.pump.step(), kNever);
  EXPECT_EQ(j.disk.calls, "wws");
  EXPECT_EQ(j.pump.synced(), 2U);
}

TEST(JournalPump, WhoWaitsForASyncGetsItAtOnceUnderEachPolicy) {
  for (const SyncPolicy policy : {SyncPolicy::kEverySecond, SyncPolicy::kOnRequest}) {
    Journal j(policy);
    j.put("a");
    j.pump.step();
    EXPECT_EQ(j.disk.calls, "w");
    j.pump.want_sync(1);
    EXPECT_EQ(j.pump.step(), kNever);
    EXPECT_EQ(j.disk.calls, "ws");
    EXPECT_EQ(j.pump.synced(), 1U);
    // Wanted before it was even published.
    j.pump.want_sync(2);
    j.put("b");
    EXPECT_EQ(j.pump.step(), kNever);
    EXPECT_EQ(j.disk.calls, "wsws");
    j.pump.want_sync(2);
    j.pump.step();
    EXPECT_EQ(j.disk.calls, "wsws") << "what is synced needs no other sync";
  }
}

TEST(JournalPump, ABatchThatFailsIsWrittenAgainUntilTheDiskWorks) {
  Journal j(SyncPolicy::kAlways);
  j.put("a");
  j.disk.failing_writes = 2;
  j.disk.failing_revivals = 1;
  const Nanos retry = j.pump.step();
  EXPECT_TRUE(j.pump.failing());
  EXPECT_EQ(j.pump.failure(), "the disk is full");
  EXPECT_EQ(retry, j.clock.now() + JournalPump::kRetryGap);
  EXPECT_EQ(j.pump.step(), retry) << "not before its time";
  EXPECT_EQ(j.disk.calls, "w");
  j.put("b");
  j.clock.advance(JournalPump::kRetryGap);
  EXPECT_EQ(j.pump.step(), j.clock.now() + 2 * JournalPump::kRetryGap);
  EXPECT_EQ(j.pump.failure(), "still full");
  j.clock.advance(2 * JournalPump::kRetryGap);
  j.pump.step();
  EXPECT_EQ(j.disk.calls, "wrrw");
  j.clock.advance(4 * JournalPump::kRetryGap);
  EXPECT_EQ(j.pump.step(), kNever);
  EXPECT_EQ(j.disk.calls, "wrrwrwws");
  EXPECT_FALSE(j.pump.failing());
  EXPECT_EQ(j.disk.synced, (State{{"a", "1"}, {"b", "1"}}));
  EXPECT_EQ(j.pump.counts().failures, 3U);
  // The next failure begins with the short gap again.
  j.disk.failing_writes = 1;
  j.put("c");
  EXPECT_EQ(j.pump.step(), j.clock.now() + JournalPump::kRetryGap);
}

TEST(JournalPump, RetriesAreNeverFurtherApartThanTheLongestGap) {
  Journal j(SyncPolicy::kAlways);
  j.put("a");
  j.disk.failing_writes = 1'000;
  Nanos longest = 0;
  for (int i = 0; i < 20; ++i) {
    const Nanos gap = j.pump.step() - j.clock.now();
    longest = std::max(longest, gap);
    j.clock.advance(gap);
  }
  EXPECT_EQ(longest, JournalPump::kMaxRetryGap);
}

TEST(JournalPump, AFailedSyncIsNoSync) {
  Journal j(SyncPolicy::kAlways);
  j.put("a");
  j.disk.failing_syncs = 1;
  j.pump.step();
  EXPECT_TRUE(j.pump.failing());
  EXPECT_EQ(j.pump.written(), 1U);
  EXPECT_EQ(j.pump.synced(), 0U);
  EXPECT_EQ(j.pump.failure(), "input/output error");
  j.clock.advance(JournalPump::kRetryGap);
  j.pump.step();
  EXPECT_EQ(j.disk.calls, "wsrs");
  EXPECT_FALSE(j.pump.failing());
  EXPECT_EQ(j.pump.synced(), 1U);
}

TEST(JournalPump, FinishSyncsUnderEachPolicy) {
  for (const SyncPolicy policy : {SyncPolicy::kAlways, SyncPolicy::kEverySecond, SyncPolicy::kOnRequest}) {
    Journal j(policy);
    j.put("a");
    EXPECT_TRUE(j.pump.finish());
    EXPECT_EQ(j.disk.synced, (State{{"a", "1"}}));
    j.put("b");
    j.disk.failing_writes = 1;
    EXPECT_FALSE(j.pump.finish());
    EXPECT_EQ(j.pump.synced(), 1U);
  }
}

// Whoever waits for the watermarks sleeps until they move.
TEST(JournalPump, TellsWhenSomethingMoved) {
  Journal j(SyncPolicy::kEverySecond);
  Doorbell bell;
  j.pump.tell(bell);
  const auto rung = [&] {
    bell.arm();
    j.pump.step();
    const bool was = bell.sleep(0);
    bell.disarm();
    return was;
  };
  EXPECT_FALSE(rung()) << "nothing to do";
  j.put("a");
  EXPECT_TRUE(rung()) << "written";
  EXPECT_FALSE(rung());
  j.pump.want_sync(1);
  EXPECT_TRUE(rung()) << "synced";
  j.put("b");
  j.disk.failing_writes = 1;
  EXPECT_TRUE(rung()) << "failed";
  j.disk.failing_writes = 1'000;
  j.clock.advance(JournalPump::kMaxRetryGap);
  EXPECT_FALSE(rung()) << "still fails";
  j.disk.failing_writes = 0;
  j.clock.advance(JournalPump::kMaxRetryGap);
  EXPECT_TRUE(rung()) << "works again";
}

// Who waits for a sync must get it from a journal that always has more to write.
TEST(JournalPump, AWriterThatNeverPausesDoesNotPutOffTheSync) {
  class Busy final : public JournalDisk {
   public:
    Status write(const JournalBatch&) noexcept override {
      if (++written > 1'000) return {Code::kInternal, "no sync after 1,000 batches"};
      map->feed.collect();
      map->put("key", "value");
      map->publish();
      return {};
    }
    Status sync() noexcept override { return ++synced, Status(); }
    Status revive() noexcept override { return {}; }
    FedMap* map = nullptr;
    int written = 0, synced = 0;
  };
  ManualClock clock;
  Busy disk;
  JournalPump pump(disk, SyncPolicy::kAlways, 0, clock);
  FedMap map(pump);
  disk.map = &map;
  map.put("key", "value");
  map.publish();
  EXPECT_LE(pump.step(), clock.now()) << "there is more";
  EXPECT_EQ(disk.synced, 1);
  EXPECT_FALSE(pump.failing()) << pump.failure();
}

TEST(JournalPump, SaysWhenTheDiskFailsAndWhenItWorksAgain) {
  Journal j(SyncPolicy::kAlways);
  std::vector<std::string> said;
  j.pump.on_change([&](const std::string& why) { said.push_back(why); });
  j.disk.failing_writes = 3;
  for (int i = 0; i < 6; ++i) {
    j.put("a");
    j.pump.step();
    j.clock.advance(JournalPump::kMaxRetryGap);
  }
  EXPECT_EQ(said, (std::vector<std::string>{"the disk is full", ""}));
}

// The thread sleeps until kNever, so a lost wake-up would hang.
TEST(JournalPump, NoWakeUpIsLost) {
  Journal j(SyncPolicy::kOnRequest);
  Doorbell written;
  j.pump.tell(written);
  std::thread thread([&] {
    while (!j.pump.stopping()) j.pump.wait_until(j.pump.step());
  });
  for (std::uint64_t n = 1; n <= 2'000; ++n) {
    j.put("key", std::to_string(n));
    if (n % 3 == 0) j.pump.want_sync(n);
    const auto reached = [&] { return (n % 3 == 0 ? j.pump.synced() : j.pump.written()) >= n; };
    while (!reached()) {
      written.arm();
      if (!reached()) written.sleep(kNever);
      written.disarm();
    }
  }
  j.pump.stop();
  thread.join();
  EXPECT_EQ(j.disk.written, (State{{"key", "2000"}}));
}

}  // namespace
}  // namespace flashkv::test
