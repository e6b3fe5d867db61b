#include "storage/journal/rocks_options.h"

#include <rocksdb/env.h>
#include <rocksdb/memtablerep.h>
#include <rocksdb/table.h>

#include <cstdarg>
#include <cstddef>
#include <memory>

namespace flashkv {
namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;

// RocksDB's log would be a file on the disk that it writes about, and Debian's RocksDB ends the process when
// that is full. What goes wrong is in the status of each call.
class NoLog final : public rocksdb::Logger {
 public:
  NoLog() : rocksdb::Logger(rocksdb::NUM_INFO_LOG_LEVELS) {}
  using rocksdb::Logger::Logv;
  void Logv(const char*, va_list) override {}
};

}  // namespace

rocksdb::Options journal_options() {
  rocksdb::Options o;
  // The store holds every value already. What RocksDB holds besides is two write buffers, no block cache, and
  // the indices of the files that are open.
  o.write_buffer_size = 16 * kMiB;
  o.max_write_buffer_number = 2;
  o.max_open_files = 64;
  rocksdb::BlockBasedTableOptions table;
  table.no_block_cache = true;
  table.filter_policy = nullptr;  // nobody asks for one key
  table.block_size = 16 << 10;    // read in order, so larger blocks only mean fewer index entries
  table.format_version = 5;
  o.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  // Nothing is read from a write buffer before it is flushed: it needs no order until then.
  o.memtable_factory = std::make_shared<rocksdb::VectorRepFactory>();
  o.allow_concurrent_memtable_write = false;  // one thread writes; this kind of buffer demands it
  o.compression = rocksdb::kNoCompression;
  o.level_compaction_dynamic_level_bytes = true;
  o.max_background_jobs = 2;
  // A log that ends in the middle of a record, or in garbage, was cut by a crash: what follows was never
  // acknowledged as synced.
  o.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  o.max_total_wal_size = 64 * kMiB;
  o.wal_bytes_per_sync = kMiB / 2;  // so that a sync finds little left to write
  o.bytes_per_sync = kMiB;
  o.info_log = std::make_shared<NoLog>();
  o.stats_dump_period_sec = 0;
  o.stats_persist_period_sec = 0;
  // The journal's thread tries again by itself and says so; two that do would be one too many.
  o.max_bgerror_resume_count = 0;
  return o;
}

rocksdb::ReadOptions read_once() {
  rocksdb::ReadOptions o;
  o.verify_checksums = true;
  o.fill_cache = false;
  o.readahead_size = 2 * kMiB;
  o.total_order_seek = true;
  return o;
}

}  // namespace flashkv
