// The bounds of a store that its owner may choose.
#pragma once

#include <cstdint>

#include "storage/record/record.h"

namespace flashkv {

// Purpose: each bound once, from the flag of its name to where it is kept. Bounds that nobody chooses are
//          constants of the class that keeps them.
// Usage:   StoreOptions options;  options.limits.max_queue_requests = 1'000;
//          auto store = Store::open(options, why);  store->limits().max_value_bytes;
// Threads: constant once a store has been made with it.
// Lifetime: the store keeps the one copy; its writer and queue, and the services in front of it, borrow that.
//          An engine is made before its store and may be used without one: it copies what it needs.
struct StoreLimits {
  // Of one key and one value. Who makes a record checks both before; the store checks the value that an
  // append leaves.
  std::uint64_t max_key_bytes = Record::kMaxKeyBytes;
  std::uint64_t max_value_bytes = std::uint64_t{8} << 20;
  // Of the mutations that wait for the writer, until they are answered: their number, the sum of their bytes.
  std::uint64_t max_queue_requests = 65'536;
  std::uint64_t max_queue_bytes = std::uint64_t{256} << 20;
  // Of records and nodes that wait for readers or, in an engine that frees nothing, of all that it retired.
  std::uint64_t max_retired_bytes = std::uint64_t{1} << 30;
  // Of pins that are held, revoked ones included.
  std::uint64_t max_pins = 64;
  // Of records and nodes that only pins lead to; beyond it the oldest pins are revoked.
  std::uint64_t max_pinned_bytes = std::uint64_t{1} << 30;
  // Of the events kept for watchers, and of the records that only they keep; 0 = no watches.
  std::uint64_t watch_history_bytes = 0;
  // Of what the journal has not written yet: records, and 16 bytes for each change. Beyond it writes are
  // refused.
  std::uint64_t max_journal_bytes = std::uint64_t{256} << 20;
};

}  // namespace flashkv
