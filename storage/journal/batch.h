// What one publish changed, on its way to the disk.
#pragma once

#include <cstdint>
#include <vector>

#include "storage/record/record.h"

namespace flashkv {

// One key that a batch changed: its record, or the record that was removed with it.
struct JournalEntry {
  Record* record = nullptr;
  bool removed = false;
};

// Purpose: the changes between two published states, in order. A key may occur more than once; the last entry
//          counts.
// Lifetime: owns each entry's record (one count) until the writer releases them.
struct JournalBatch {
  std::vector<JournalEntry> entries;
  std::uint64_t revision = 0;  // of the state that it leads to
  std::uint64_t bytes = 0;     // of the records, which nothing else may hold any more
};

}  // namespace flashkv
