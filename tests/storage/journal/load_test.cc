// Reading a journal back with several threads.
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <thread>

#include "storage/journal/rocks_disk.h"
#include "tests/storage/journal/journal_fixture.h"
#include "tests/support/temporary_folder.h"

namespace flashkv::test {
namespace {

constexpr std::size_t kKeys = 60'000;

std::string key(std::size_t n) {
  std::string text = std::to_string(n);
  return std::string(8 - text.size(), '0') + text;
}

class JournalLoad : public ::testing::Test {
 protected:
  void SetUp() override {
    disk = RocksDisk::open(folder.path("data"), 1, why);
    ASSERT_TRUE(disk) << why.message;
    for (std::size_t n = 0; n < kKeys;) {
      JournalBatch batch;
      // Several files, so that there is something to divide.
      for (const std::size_t end = n + kKeys / 6; n < end; ++n) {
        RecordPtr r = record_of(key(n), std::string(100, 'v'), n + 1);
        r->retain();
        batch.entries.push_back({r.release(), false});
      }
      batch.revision = n;
      ASSERT_TRUE(disk->write(batch).ok());
      ASSERT_TRUE(disk->revive().ok());
      for (const JournalEntry& e : batch.entries) e.record->release();
    }
  }

  TemporaryFolder folder;
  Status why;
  std::unique_ptr<RocksDisk> disk;
};

TEST_F(JournalLoad, SeveralThreadsGiveEachRecordOnce) {
  for (const unsigned threads : {1U, 2U, 5U}) {
    std::set<std::string> keys;
    std::size_t taken = 0, largest = 0;
    const auto caller = std::this_thread::get_id();
    const Status s = disk->load(threads, [&](std::vector<RecordPtr>& records) {
      EXPECT_EQ(std::this_thread::get_id(), caller);
      largest = std::max(largest, records.size());
      for (const RecordPtr& r : records) keys.emplace(r->key());
      taken += records.size();
      return true;
    });
    EXPECT_TRUE(s.ok()) << s.message;
    EXPECT_EQ(taken, kKeys) << threads;
    EXPECT_EQ(keys.size(), kKeys) << threads;
    EXPECT_LE(largest, RocksDisk::kRecordsAtOnce);
  }
}

TEST_F(JournalLoad, OneThreadGivesThemInOrder) {
  std::string last;
  const Status s = disk->load(1, [&](std::vector<RecordPtr>& records) {
    for (const RecordPtr& r : records) {
      EXPECT_LT(last, r->key());
      last = r->key();
    }
    return true;
  });
  EXPECT_TRUE(s.ok()) << s.message;
  EXPECT_EQ(last, key(kKeys - 1));
}

TEST_F(JournalLoad, TheTakerCanEndIt) {
  std::size_t calls = 0;
  const Status s = disk->load(3, [&](std::vector<RecordPtr>&) { return ++calls, false; });
  EXPECT_TRUE(s.ok()) << s.message;
  EXPECT_EQ(calls, 1U);
}

TEST_F(JournalLoad, TheEstimateIsNear) {
  ASSERT_TRUE(disk->sync().ok());  // which looks at the files
  EXPECT_GE(disk->estimated_records(), kKeys * 9 / 10);
  EXPECT_LE(disk->estimated_records(), kKeys * 11 / 10);
  EXPECT_GE(disk->bytes(), kKeys * 100);
}

}  // namespace
}  // namespace flashkv::test
