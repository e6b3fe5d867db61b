// A disk in memory that fails on demand, and batches for it.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "storage/journal/disk.h"
#include "storage/journal/journal_feed.h"
#include "storage/journal/journal_pump.h"
#include "tests/support/calls.h"

namespace flashkv::test {

// Purpose: what a machine's disk does: `written` survives the process, `synced` the machine.
// Usage:   disk.failing_writes = 2;  pump.step();  EXPECT_EQ(disk.synced, ...);
class MemoryDisk final : public JournalDisk {
 public:
  using State = std::map<std::string, std::string>;

  Status write(const JournalBatch& batch) noexcept override {
    calls += 'w';
    if (failing_writes != 0) return --failing_writes, Status(Code::kUnavailable, "the disk is full");
    for (const JournalEntry& entry : batch.entries) {
      const std::string key(entry.record->key());
      if (entry.removed)
        written.erase(key);
      else
        written[key] = entry.record->value();
    }
    revision = batch.revision;
    return {};
  }
  Status sync() noexcept override {
    calls += 's';
    if (failing_syncs != 0) return --failing_syncs, Status(Code::kUnavailable, "input/output error");
    synced = written;
    return {};
  }
  Status revive() noexcept override {
    calls += 'r';
    if (failing_revivals != 0) return --failing_revivals, Status(Code::kUnavailable, "still full");
    return {};
  }

  State written, synced;
  std::uint64_t revision = 0;
  std::string calls;  // w, s and r, in order
  int failing_writes = 0, failing_syncs = 0, failing_revivals = 0;
};

inline RecordPtr record_of(std::string_view key, std::string_view value, std::uint64_t revision,
                           std::int64_t expires_at_ms = 0) {
  RecordPtr r = Record::make(key, value, expires_at_ms != 0 ? Record::Expiry::kRoom : Record::Expiry::kNone);
  r->stamp(revision, revision, 1);
  if (expires_at_ms != 0) r->set_expires_at_ms(expires_at_ms);
  return r;
}

// Purpose: a writer that only feeds a journal: a map of records, and the feed that follows it.
// Usage:   fed.put("a", "1");  fed.publish();  pump.step();
class FedMap {
 public:
  explicit FedMap(JournalPump& pump, std::uint64_t max_bytes = std::uint64_t{1} << 30)
      : feed(pump, max_bytes) {}
  ~FedMap() {
    for (auto& [key, record] : records_) record->release();
  }
  FedMap(const FedMap&) = delete;
  FedMap& operator=(const FedMap&) = delete;

  void put(const std::string& key, std::string_view value) {
    Record* const record = record_of(key, value, ++revision).release();
    record->retain();
    ASSERT_TRUE(feed.reserve(1));
    feed.append(*record, false);
    if (Record*& place = records_[key]; Record* const before = std::exchange(place, record))
      before->release();
  }
  void erase(const std::string& key) {
    ++revision;
    const auto at = records_.find(key);
    ASSERT_TRUE(feed.reserve(1));
    feed.append(*at->second, true);
    at->second->release();
    records_.erase(at);
  }
  void publish() { feed.publish(revision); }

  JournalFeed feed;
  std::uint64_t revision = 0;

 private:
  std::map<std::string, Record*> records_;
};

}  // namespace flashkv::test
