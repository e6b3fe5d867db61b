#include "storage/journal/rocks_disk.h"

#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <array>
#include <exception>
#include <new>
#include <string_view>
#include <thread>
#include <utility>

#include "storage/journal/data_folder.h"
#include "storage/journal/key_ranges.h"
#include "storage/journal/record_fields.h"
#include "storage/journal/record_stream.h"
#include "storage/journal/rocks_options.h"
#include "storage/request/failure.h"

namespace flashkv {
namespace {

constexpr std::string_view kRecordPrefix = "=";
constexpr std::string_view kPastRecords = ">";  // the next byte
constexpr std::string_view kRevisionKey = "#revision";
constexpr std::string_view kStoreIdKey = "#store_id";
static_assert(kPastRecords[0] == kRecordPrefix[0] + 1);

rocksdb::Slice slice(std::string_view text) { return {text.data(), text.size()}; }

std::array<char, 8> stored_number(std::uint64_t number) {
  std::array<char, 8> bytes;
  for (char& byte : bytes) {
    byte = static_cast<char>(number);
    number >>= 8;
  }
  return bytes;
}

// What RocksDB says, in the store's codes: damage is told from a disk that does not work.
Status status_of(const rocksdb::Status& s, const std::string& folder) {
  if (s.ok()) return {};
  const std::string said = s.ToString();
  if (s.IsCorruption()) return {Code::kDataLoss, "data-dir: " + folder + " is damaged: " + said};
  if (s.IsNoSpace()) return {Code::kUnavailable, "data-dir: no space left in " + folder};
  return {Code::kUnavailable, "data-dir: " + folder + ": " + said};
}

Status open_failure(const rocksdb::Status& s, const std::string& folder) {
  const std::string said = s.ToString();
  if (s.IsIOError() && said.find("lock") != std::string::npos && said.find("LOCK") != std::string::npos)
    return {Code::kFailedPrecondition,
            "data-dir: " + folder + " is in use by another kvd; stop that one, or name another folder"};
  if (s.IsIOError()) return {Code::kFailedPrecondition, "data-dir: " + folder + " cannot be used: " + said};
  if (s.IsInvalidArgument()) return {Code::kDataLoss, "data-dir: " + folder + " is damaged: " + said};
  return status_of(s, folder);
}

bool read_number(rocksdb::DB& db, std::string_view key, std::uint64_t& number, rocksdb::Status& s) {
  std::string stored;
  s = db.Get(read_once(), slice(key), &stored);
  if (!s.ok() || stored.size() != 8) return false;
  number = 0;
  for (unsigned i = 0; i < 8; ++i) number |= std::uint64_t{static_cast<unsigned char>(stored[i])} << (8 * i);
  return true;
}

void add_entry(rocksdb::WriteBatch& to, const JournalEntry& entry) {
  const Record& r = *entry.record;
  const rocksdb::Slice key[] = {slice(kRecordPrefix), slice(r.key())};
  if (entry.removed) {
    to.Delete(rocksdb::SliceParts(key, 2));
    return;
  }
  std::array<char, RecordFields::kBytes> fields;
  RecordFields{r.create_revision(), r.mod_revision(), r.version(), r.expires_at_ms()}.store(fields.data());
  const rocksdb::Slice value[] = {{fields.data(), fields.size()}, slice(r.value())};
  to.Put(rocksdb::SliceParts(key, 2), rocksdb::SliceParts(value, 2));
}

// One stored record as the store's own; null with `why` where it is none.
RecordPtr to_record(std::string_view key, std::string_view stored, const std::string& folder, Status& why) {
  RecordFields fields;
  key.remove_prefix(kRecordPrefix.size());
  if (!fields.load(stored) || key.empty() || key.size() > Record::kMaxKeyBytes ||
      stored.size() - RecordFields::kBytes > Record::kMaxValueBytes) {
    fail(why, Code::kDataLoss, "data-dir: " + folder + " is damaged: a stored record is malformed");
    return nullptr;
  }
  const auto expiry = fields.expires_at_ms != 0 ? Record::Expiry::kRoom : Record::Expiry::kNone;
  RecordPtr record = Record::make(key, RecordFields::value_of(stored), expiry);
  if (!record) {
    fail(why, Code::kResourceExhausted, kOutOfMemory);
    return nullptr;
  }
  record->stamp(fields.create_revision, fields.mod_revision, fields.version);
  if (fields.expires_at_ms != 0) record->set_expires_at_ms(fields.expires_at_ms);
  return record;
}

// The records from `from` up to but without `to`.
Status read_range(rocksdb::DB& db, const std::string& folder, std::string_view from, std::string_view to,
                  RecordStream& stream) {
  rocksdb::ReadOptions options = read_once();
  const rocksdb::Slice end = slice(to);
  options.iterate_upper_bound = &end;
  const std::unique_ptr<rocksdb::Iterator> at(db.NewIterator(options));
  std::vector<RecordPtr> records;
  Status why;
  for (at->Seek(slice(from)); at->Valid(); at->Next()) {
    RecordPtr record = to_record({at->key().data(), at->key().size()},
                                 {at->value().data(), at->value().size()}, folder, why);
    if (!record) return why;
    records.push_back(std::move(record));
    if (records.size() < RocksDisk::kRecordsAtOnce) continue;
    if (!stream.put(std::exchange(records, {}))) return {};
    records.reserve(RocksDisk::kRecordsAtOnce);
  }
  if (!at->status().ok()) return status_of(at->status(), folder);
  if (!records.empty()) stream.put(std::move(records));
  return {};
}

}  // namespace

RocksDisk::RocksDisk(std::string folder) noexcept : folder_(std::move(folder)) {}

RocksDisk::~RocksDisk() = default;

std::unique_ptr<RocksDisk> RocksDisk::open(const std::string& folder, std::uint64_t new_store_id,
                                           Status& why) {
  bool is_new = false;
  if (why = claim_folder(folder, is_new); !why.ok()) return nullptr;
  std::unique_ptr<RocksDisk> disk(new RocksDisk(folder));
  why = disk->open_db(is_new);
  if (why.ok()) why = is_new ? disk->write_identity(new_store_id) : disk->read_identity();
  if (why.ok() && is_new) why = mark_folder(folder);
  if (!why.ok()) return nullptr;
  disk->written_ = disk->revision_;
  return disk;
}

Status RocksDisk::open_db(bool is_new) {
  rocksdb::Options options = journal_options();
  options.create_if_missing = is_new;
  rocksdb::DB* db = nullptr;
  const rocksdb::Status opened = rocksdb::DB::Open(options, journal_folder(folder_), &db);
  if (!opened.ok()) return open_failure(opened, folder_);
  db_.reset(db);
  measure();
  return {};
}

Status RocksDisk::read_identity() {
  rocksdb::Status s;
  if (read_number(*db_, kStoreIdKey, store_id_, s) && read_number(*db_, kRevisionKey, revision_, s))
    return {};
  if (s.ok() || s.IsNotFound()) s = rocksdb::Status::Corruption("it has no revision or store id");
  return status_of(s, folder_);
}

Status RocksDisk::write_identity(std::uint64_t new_store_id) {
  store_id_ = new_store_id;
  rocksdb::WriteBatch first;
  const auto id = stored_number(store_id_), revision = stored_number(0);
  first.Put(slice(kStoreIdKey), {id.data(), id.size()});
  first.Put(slice(kRevisionKey), {revision.data(), revision.size()});
  rocksdb::WriteOptions synced;
  synced.sync = true;
  return status_of(db_->Write(synced, &first), folder_);
}

std::uint64_t RocksDisk::estimated_records() const {
  std::uint64_t count = 0;
  db_->GetIntProperty(rocksdb::DB::Properties::kEstimateNumKeys, &count);
  return count;
}

void RocksDisk::measure() {
  std::uint64_t total = 0;
  db_->GetIntProperty(rocksdb::DB::Properties::kTotalSstFilesSize, &total);
  rocksdb::VectorLogPtr logs;
  if (db_->GetSortedWalFiles(logs).ok())
    for (const auto& log : logs) total += log->SizeFileBytes();
  bytes_.store(total, std::memory_order_relaxed);
}

Status RocksDisk::load(unsigned threads, const Take& take) {
  std::vector<std::string> ends = dividing_keys(*db_, std::max(threads, 1U));
  std::erase_if(ends, [](const std::string& key) { return key <= kRecordPrefix || key >= kPastRecords; });
  ends.insert(ends.begin(), std::string(kRecordPrefix));
  ends.emplace_back(kPastRecords);
  RecordStream stream(static_cast<unsigned>(ends.size() - 1));
  std::vector<std::jthread> readers;
  // Before the threads are joined, also where something throws.
  const struct End {
    ~End() { stream.end(); }
    RecordStream& stream;
  } end{stream};
  for (std::size_t i = 0; i + 1 < ends.size(); ++i) {
    readers.emplace_back(
        [this, &stream, from = std::string_view(ends[i]), to = std::string_view(ends[i + 1])] {
          Status status;
          try {
            status = read_range(*db_, folder_, from, to, stream);
          } catch (const std::bad_alloc&) {
            fail(status, Code::kResourceExhausted, kOutOfMemory);
          }
          stream.leave(std::move(status));
        });
  }
  std::vector<RecordPtr> records;
  while (stream.take(records)) {
    if (!take(records)) stream.end();
  }
  stream.end();
  readers.clear();
  return stream.status();
}

Status RocksDisk::write(const JournalBatch& batch) noexcept try {
  std::uint64_t bytes = 64;
  for (const JournalEntry& entry : batch.entries)
    bytes += entry.record->key().size() + 64 + (entry.removed ? 0 : entry.record->value().size());
  rocksdb::WriteBatch changes(bytes);
  for (const JournalEntry& entry : batch.entries) add_entry(changes, entry);
  const auto revision = stored_number(batch.revision);
  changes.Put(slice(kRevisionKey), {revision.data(), revision.size()});
  const rocksdb::Status s = db_->Write(rocksdb::WriteOptions(), &changes);
  if (s.ok()) written_ = batch.revision;
  if (++writes_ % kWritesPerMeasure == 0) measure();
  return status_of(s, folder_);
} catch (const std::exception&) {  // no memory, or no thread to be had
  in_doubt_ = true;
  return {Code::kResourceExhausted, std::string(kOutOfMemory)};
}

Status RocksDisk::sync() noexcept try {
  const rocksdb::Status s = db_->SyncWAL();
  if (s.ok() && ++syncs_ % kSyncsPerMeasure == 1) measure();
  return status_of(s, folder_);
} catch (const std::exception&) {  // no memory, or no thread to be had
  in_doubt_ = true;
  return {Code::kResourceExhausted, std::string(kOutOfMemory)};
}

// After most failures RocksDB can resume: what was written and not synced is still in its write buffers, and
// those are flushed to files of their own. After the others it is opened anew.
Status RocksDisk::revive() noexcept try {
  if (db_ && !std::exchange(in_doubt_, false) && db_->Resume().ok())
    return status_of(db_->Flush(rocksdb::FlushOptions()), folder_);
  return reopen();
} catch (const std::exception&) {  // no memory, or no thread to be had
  in_doubt_ = true;
  return {Code::kResourceExhausted, std::string(kOutOfMemory)};
}

// What was written comes back from the log, and goes to new files while it is opened. A disk that lost it
// keeps the journal from going on: its next batch would stand on changes that are not there.
Status RocksDisk::reopen() {
  db_.reset();
  if (Status s = open_db(false); !s.ok()) return s;
  if (Status s = read_identity(); !s.ok()) return s;
  if (revision_ >= written_) return {};
  db_.reset();
  return {Code::kDataLoss, "data-dir: " + folder_ + " has lost what was written after revision " +
                               std::to_string(revision_) + "; restart kvd once the disk is sound"};
}

}  // namespace flashkv
