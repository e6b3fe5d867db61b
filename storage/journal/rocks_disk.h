// The journal in a RocksDB.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "storage/journal/disk.h"
#include "storage/record/record.h"
#include "storage/request/status.h"

namespace rocksdb {
class DB;
}  // namespace rocksdb

namespace flashkv {

// Purpose: keeps exactly the state at one revision: each batch is one atomic write that holds its changes and
//          its revision.
//
//            key                 value
//            "=" key             RecordFields, value
//            "#revision"         64 bits, lowest byte first; written with every batch
//            "#store_id"         64 bits; written once
// Usage:   auto disk = RocksDisk::open(folder, new_id, why);  if (!disk) return why;
//          Status s = disk->load(threads, [&](std::vector<RecordPtr>& records) { ...; return true; });
//          then write() and sync() of JournalDisk.
// Threads: one at a time; bytes() from any.
// Lifetime: holds the folder's lock until it goes.
// Limits:  write buffers of 32 MiB, and the indices of 64 open files.
// Errors:  revive(): DATA_LOSS where the disk has forgotten what was written to it and not synced. Then
//          nothing more is written, until a restart.
//          open(): FAILED_PRECONDITION (a folder that is not kvd's, in use, not to be written), DATA_LOSS
//          (what is stored cannot be). Every message names the folder or the file.
class RocksDisk final : public JournalDisk {
 public:
  // `new_store_id` becomes the store's where the folder has no state yet.
  static std::unique_ptr<RocksDisk> open(const std::string& folder, std::uint64_t new_store_id, Status& why);
  RocksDisk(const RocksDisk&) = delete;
  RocksDisk& operator=(const RocksDisk&) = delete;
  ~RocksDisk() override;

  std::uint64_t store_id() const noexcept { return store_id_; }
  // Of the stored state when it was opened.
  std::uint64_t revision() const noexcept { return revision_; }

  // About how many records there are.
  std::uint64_t estimated_records() const;
  // Bytes of all files, as of one of the last syncs or writes.
  std::uint64_t bytes() const noexcept { return bytes_.load(std::memory_order_relaxed); }

  // Takes records, stamped and owned by nobody; in the order of their keys within a call and, with one
  // thread, over all calls. False ends the load.
  using Take = std::function<bool(std::vector<RecordPtr>& records)>;
  static constexpr std::size_t kRecordsAtOnce = 1'024;
  // Reads everything with so many threads; `take` is called on the calling one.
  // Errors: DATA_LOSS (damaged; names the file), RESOURCE_EXHAUSTED (memory), kOk where `take` ended it.
  Status load(unsigned threads, const Take& take);

  Status write(const JournalBatch& batch) noexcept override;
  Status sync() noexcept override;
  Status revive() noexcept override;

 private:
  explicit RocksDisk(std::string folder) noexcept;
  Status open_db(bool is_new);
  Status reopen();
  Status read_identity();
  Status write_identity(std::uint64_t new_store_id);
  void measure();

  // It lists a folder: once in so many calls.
  static constexpr std::uint64_t kSyncsPerMeasure = 16;
  static constexpr std::uint64_t kWritesPerMeasure = 256;

  const std::string folder_;
  std::unique_ptr<rocksdb::DB> db_;  // null = closed after a failure
  std::uint64_t syncs_ = 0;
  std::uint64_t writes_ = 0;
  bool in_doubt_ = false;  // a call ended half way: RocksDB must be opened anew
  std::atomic<std::uint64_t> bytes_{0};
  std::uint64_t store_id_ = 0;
  std::uint64_t revision_ = 0;
  std::uint64_t written_ = 0;  // the revision of the last batch that was written
};

}  // namespace flashkv
