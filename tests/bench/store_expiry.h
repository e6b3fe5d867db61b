// A mass expiry, as a reader and the writer see it.
#pragma once

#include <cstdint>

#include "storage/store.h"
#include "storage/writer/histogram.h"

namespace flashkv::bench {

struct MassExpiry {
  std::uint64_t keys = 0;  // that expired, all within a second
  Histogram quiet_ns;      // each read beforehand,
  Histogram during_ns;     // and until the last of them was gone
  Histogram step_ns;       // each step of the writer meanwhile,
  Histogram step_cpu_ns;   // and its processor time
  std::uint64_t largest_piece = 0;
  double gone_seconds = 0;  // until then, from the first one's time on
};

// Purpose: fills a store with `stay` keys that stay and `keys` that expire an hour later, within one second
//          of each other; one reader flat out on those that stay, for `seconds` before that hour has passed
//          and then until the others are gone. The hour is left out.
// Threads: two, as store_load.h has them; the caller's turns the writer.
MassExpiry expire(StoreOptions options, std::uint64_t stay, std::uint64_t keys, double seconds);

}  // namespace flashkv::bench
