// A long scan beside a steady writer.
#pragma once

#include <cstdint>

#include "storage/store.h"
#include "storage/writer/histogram.h"

namespace flashkv::bench {

struct ScanBeside {
  std::uint64_t scans = 0;          // of all keys, each from a pin of its own
  double scan_keys_per_second = 0;  // with every key and value copied out
  double written_per_second = 0;    // asked for and reached
  Histogram turn_ns;                // each batch: from its submission to its answer
  Histogram late_ns;                // how long after its time each batch was submitted
  Histogram step_ns;                // every step of the writer, those that free what pins held included
  Histogram step_cpu_ns;            // and its processor time
  std::uint64_t most_pinned_bytes = 0;
};

// Purpose: one thread scans the whole store again and again, in pages of 1 MiB; the caller's turns the writer
//          and puts `per_second` existing keys a second, 100 at a time.
// Threads: two, as store_load.h has them.
ScanBeside scan_beside_writes(Store& store, std::uint64_t keys, std::uint64_t per_second, double seconds);

}  // namespace flashkv::bench
