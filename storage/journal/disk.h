// Where batches go.
#pragma once

#include "storage/journal/batch.h"
#include "storage/request/status.h"

namespace flashkv {

// Purpose: the disk as the journal's thread sees it; a test has one that fails on demand.
// Usage:   Status s = disk.write(batch); if (s.ok()) s = disk.sync(); if (!s.ok()) s = disk.revive();
// Threads: one at a time.
// Errors:  write() and sync() leave what was synced before as it was; after a failure of either, revive()
//          comes before the next write(), and the failed batch is written again.
class JournalDisk {
 public:
  virtual ~JournalDisk() = default;
  // All of the batch or nothing. Survives the end of the process once it returns, that of the machine once
  // sync() has.
  virtual Status write(const JournalBatch& batch) noexcept = 0;
  virtual Status sync() noexcept = 0;
  virtual Status revive() noexcept = 0;
};

}  // namespace flashkv
