// What a journal's folder says when it is opened again, and which folders are refused.
#include "storage/journal/rocks_disk.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <map>
#include <string>

#include "tests/storage/journal/journal_fixture.h"
#include "tests/support/temporary_folder.h"

namespace flashkv::test {
namespace {

constexpr std::uint64_t kId = 0x1234'5678'9ABC'DEF0;

// Key -> what is stored of it, as text.
using Contents = std::map<std::string, std::string>;

Contents contents(RocksDisk& disk, unsigned threads = 1) {
  Contents found;
  const Status s = disk.load(threads, [&](std::vector<RecordPtr>& records) {
    for (const RecordPtr& r : records) {
      std::string text = std::string(r->value()) + " " + std::to_string(r->create_revision()) + " " +
                         std::to_string(r->mod_revision()) + " " + std::to_string(r->version());
      if (r->expires_at_ms() != 0) text += " until " + std::to_string(r->expires_at_ms());
      found[std::string(r->key())] = text;
    }
    return true;
  });
  EXPECT_TRUE(s.ok()) << s.message;
  return found;
}

class RocksDiskTest : public ::testing::Test {
 protected:
  std::unique_ptr<RocksDisk> open(std::uint64_t new_id = kId) { return RocksDisk::open(data, new_id, why); }

  // One batch of what it is given; the records are freed after it.
  struct Batch {
    ~Batch() {
      for (const JournalEntry& e : batch.entries) e.record->release();
    }
    Batch& put(RecordPtr record) {
      record->retain();
      batch.entries.push_back({record.release(), false});
      return *this;
    }
    Batch& put(const std::string& key, const std::string& value, std::uint64_t revision) {
      return put(record_of(key, value, revision));
    }
    Batch& erase(const std::string& key) {
      put(key, "", 1);
      batch.entries.back().removed = true;
      return *this;
    }
    JournalBatch batch;
  };
  static void write(RocksDisk& disk, Batch& b, std::uint64_t revision) {
    b.batch.revision = revision;
    const Status s = disk.write(b.batch);
    ASSERT_TRUE(s.ok()) << s.message;
  }
  void expect_refused(Code code, const std::string& text) {
    const auto disk = open();
    EXPECT_EQ(disk, nullptr);
    EXPECT_EQ(why.code, code) << why.message;
    EXPECT_NE(why.message.find(text), std::string::npos) << why.message;
    EXPECT_TRUE(why.message.starts_with("data-dir: " + data)) << why.message;
    EXPECT_EQ(why.message.find('\n'), std::string::npos) << why.message;
  }

  TemporaryFolder folder;
  const std::string data = folder.path("data");
  Status why;
};

TEST_F(RocksDiskTest, ANewFolderIsEmptyAtRevision0) {
  const auto disk = open();
  ASSERT_TRUE(disk) << why.message;
  EXPECT_EQ(disk->store_id(), kId);
  EXPECT_EQ(disk->revision(), 0U);
  EXPECT_EQ(contents(*disk), Contents{});
  EXPECT_EQ(disk->estimated_records() / 10, 0U);
}

TEST_F(RocksDiskTest, OpenedAgainItHasTheLastBatch) {
  {
    const auto disk = open();
    ASSERT_TRUE(disk) << why.message;
    Batch first, second;
    RecordPtr changed = record_of("changed", "old", 2, 1'800'000'000'000);
    changed->stamp(2, 7, 3);
    first.put("kept", "value", 1).put(std::move(changed)).put("gone", "x", 3);
    write(*disk, first, 3);
    second.put("changed", "new", 9).erase("gone").put("twice", "1", 9).put("twice", "2", 9);
    write(*disk, second, 12);
  }
  const auto disk = open(kId + 1);
  ASSERT_TRUE(disk) << why.message;
  EXPECT_EQ(disk->store_id(), kId) << "it stays the first one's";
  EXPECT_EQ(disk->revision(), 12U);
  EXPECT_EQ(contents(*disk),
            (Contents{{"kept", "value 1 1 1"}, {"changed", "new 9 9 1"}, {"twice", "2 9 9 1"}}));
}

TEST_F(RocksDiskTest, AnyByteMayBeInKeysAndValues) {
  std::string all;
  for (int c = 0; c < 256; ++c) all.push_back(static_cast<char>(c));
  const std::string longest(Record::kMaxKeyBytes, '\xFF');
  {
    const auto disk = open();
    Batch batch;
    RecordPtr expiring = record_of(all, all, 5, 1'800'000'000'000);
    expiring->stamp(2, 7, 3);
    batch.put(std::move(expiring))
        .put(std::string(1, '\0'), "", 6)
        .put(longest, "x", 6)
        .put("#revision", "y", 6);
    write(*disk, batch, 7);
    ASSERT_TRUE(disk->sync().ok());
  }
  const auto disk = open();
  ASSERT_TRUE(disk) << why.message;
  EXPECT_EQ(disk->revision(), 7U);
  EXPECT_EQ(contents(*disk), (Contents{{all, all + " 2 7 3 until 1800000000000"},
                                       {std::string(1, '\0'), " 6 6 1"},
                                       {longest, "x 6 6 1"},
                                       {"#revision", "y 6 6 1"}}));
}

TEST_F(RocksDiskTest, ALogCutAnywhereGivesTheStateAfterSomeBatch) {
  {
    const auto disk = open();
    for (std::uint64_t n = 1; n <= 20; ++n) {
      Batch batch;
      batch.put("a", std::to_string(n), n).put("b", std::to_string(n), n);
      write(*disk, batch, n);
    }
  }
  const auto logs = folder.files("data/journal", ".log");
  ASSERT_EQ(logs.size(), 1U);
  const std::string log = folder.read(logs[0]);
  std::uint64_t last = 0;
  TemporaryFolder copies;
  for (std::size_t kept = log.size() / 2; kept <= log.size(); kept += 37) {
    const std::string copy = copies.path("copy");
    std::filesystem::remove_all(copy);
    std::filesystem::copy(data, copy, std::filesystem::copy_options::recursive);
    std::ofstream(copies.path("copy/" + logs[0].substr(5)), std::ios::binary) << log.substr(0, kept);
    const auto disk = RocksDisk::open(copy, kId, why);
    ASSERT_TRUE(disk) << why.message;
    const std::uint64_t n = disk->revision();
    EXPECT_GE(n, last) << "a longer log has no less";
    const std::string expected = std::to_string(n) + " " + std::to_string(n) + " " + std::to_string(n) + " 1";
    ASSERT_EQ(contents(*disk), (Contents{{"a", expected}, {"b", expected}})) << "cut at " << kept;
    last = n;
  }
  EXPECT_GE(last, 15U);
}

TEST_F(RocksDiskTest, DamageIsNamedAndNothingIsTaken) {
  {
    const auto disk = open();
    Batch batch;
    for (std::uint64_t n = 1; n <= 2'000; ++n) batch.put("key" + std::to_string(n), std::string(100, 'v'), n);
    write(*disk, batch, 2'000);
    ASSERT_TRUE(disk->revive().ok()) << "which flushes the log to a file";
  }
  const auto files = folder.files("data/journal", ".sst");
  ASSERT_FALSE(files.empty());
  std::string bytes = folder.read(files[0]);
  bytes[bytes.size() / 2] ^= 1;
  folder.write(files[0], bytes);
  const auto disk = open();
  ASSERT_TRUE(disk) << why.message;
  std::size_t taken = 0;
  const Status s =
      disk->load(1, [&](std::vector<RecordPtr>& records) { return taken += records.size(), true; });
  EXPECT_EQ(s.code, Code::kDataLoss) << s.message;
  EXPECT_NE(s.message.find(".sst"), std::string::npos) << s.message;
  EXPECT_LT(taken, 2'000U);
}

TEST_F(RocksDiskTest, OneFolderServesOneProcess) {
  const auto first = open();
  ASSERT_TRUE(first);
  expect_refused(Code::kFailedPrecondition, "in use by another kvd");
}

TEST_F(RocksDiskTest, ForeignFoldersAreLeftAlone) {
  std::filesystem::create_directory(data);
  folder.write("data/precious.txt", "mine");
  expect_refused(Code::kFailedPrecondition, "is not empty and not kvd's");
  EXPECT_EQ(folder.files("data", "").size(), 1U);
  EXPECT_EQ(folder.read("data/precious.txt"), "mine");
}

TEST_F(RocksDiskTest, AFileIsNoFolder) {
  folder.write("data", "");
  expect_refused(Code::kFailedPrecondition, "is not a folder");
}

TEST_F(RocksDiskTest, ItsParentMustExist) {
  const auto disk = RocksDisk::open(folder.path("no/data"), kId, why);
  EXPECT_EQ(disk, nullptr);
  EXPECT_NE(why.message.find("No such file or directory"), std::string::npos) << why.message;
}

TEST_F(RocksDiskTest, AnotherFormatIsRefusedByNumber) {
  open().reset();
  EXPECT_EQ(folder.read("data/FLASHKV"), "flashkv data, format 1\n");
  folder.write("data/FLASHKV", "flashkv data, format 2\n");
  expect_refused(Code::kFailedPrecondition, "has format 2, this kvd reads up to format 1");
  for (const char* nonsense :
       {"", "flashkv data, format \n", "flashkv data, format 0\n", "something else\n"}) {
    folder.write("data/FLASHKV", nonsense);
    expect_refused(Code::kFailedPrecondition, "/FLASHKV: ");
  }
}

TEST_F(RocksDiskTest, AHalfDeletedJournalIsNoEmptyOne) {
  {
    const auto disk = open();
    Batch batch;
    batch.put("a", "1", 1);
    write(*disk, batch, 1);
    ASSERT_TRUE(disk->revive().ok());
  }
  for (const std::string& file : folder.files("data/journal", ".sst"))
    std::filesystem::remove(folder.path(file));
  expect_refused(Code::kDataLoss, "No such file");
  std::filesystem::remove_all(folder.path("data/journal"));
  expect_refused(Code::kDataLoss, "does not exist");
}

TEST_F(RocksDiskTest, ACrashDuringTheFirstStartIsNoReasonToRefuse) {
  std::filesystem::create_directory(data);
  EXPECT_TRUE(open()) << why.message;
  // The mark comes last.
  std::filesystem::rename(folder.path("data/FLASHKV"), folder.path("data/FLASHKV.new"));
  EXPECT_TRUE(open(kId + 1)) << why.message;
  folder.write("data/FLASHKV.new", "flashkv da");
  std::filesystem::remove(folder.path("data/FLASHKV"));
  std::filesystem::remove_all(folder.path("data/journal"));
  const auto disk = open(kId + 2);
  ASSERT_TRUE(disk) << why.message;
  EXPECT_EQ(disk->store_id(), kId + 2);
}

}  // namespace
}  // namespace flashkv::test
