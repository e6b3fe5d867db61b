// How RocksDB is set up for a journal.
#pragma once

#include <rocksdb/options.h>

namespace flashkv {

// Purpose: RocksDB as a log with a compacted copy of the state behind it: written in order by one thread,
//          read once at the next start.
rocksdb::Options journal_options();
// For reading everything once.
rocksdb::ReadOptions read_once();

}  // namespace flashkv
