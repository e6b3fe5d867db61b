// The door to the store: the only storage header that the server needs.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "storage/clock.h"
#include "storage/engine/engine.h"
#include "storage/engine/engine_options.h"
#include "storage/engine/guard_choice.h"
#include "storage/read_handle.h"
#include "storage/status.h"
#include "storage/writer/request.h"
#include "storage/writer/writer_stats.h"

namespace flashkv {

struct StoreOptions {
  std::string engine = "flashmap";
  GuardChoice guard = GuardChoice::kAuto;  // flashmap only; kAuto = the faster by measurement
  std::uint64_t max_retired_bytes = std::uint64_t{1}
                                    << 30;     // records and nodes that wait for readers, or leaked
  unsigned slice_bits = 0;                     // radix engines: 4, 8, 11, 13 or 16; 0 = their default
  WordOrder word_order = WordOrder::kForward;  // radix engines
  PublishPolicy policy;
  std::uint64_t max_queue_requests = 65'536;
  std::uint64_t max_queue_bytes = std::uint64_t{256} << 20;
  std::uint64_t max_value_bytes = std::uint64_t{8} << 20;  // Append must not grow a value past it
  std::uint64_t hash_seed = 0;                             // 0 = drawn at start
  std::uint64_t hash_mask = ~std::uint64_t{0};             // tests: force collisions
  const Clock* clock = &system_clock();
};

// Everything Admin.Stats and the metrics report, copied out at one moment.
struct StoreStats {
  Traits traits;
  std::string guard;  // "refcount", "asymmetric" or "" where the engine has no choice
  EngineStats engine;
  WriterStatsView writer;
  PublishPolicy policy;
  std::uint64_t store_id = 0;
  std::uint64_t published_revision = 0;
  std::uint64_t assigned_revision = 0;
};

// Purpose: the store: one writer thread, one engine, a bounded queue in front.
// Usage:   Status why; auto store = Store::open(options, why); if (!store) report(why);
//          store->start();  auto reader = store->make_reader();  store->submit(request);
// Threads: submit(), stats(), published_revision() from any; start() and stop() from the owner.
// Lifetime: readers and requests in flight end before it does.
// Errors:  open(): null and `why` (unknown engine or guard: the allowed values).
class Store {
 public:
  static std::unique_ptr<Store> open(const StoreOptions& options, Status& why);
  virtual ~Store() = default;

  virtual std::unique_ptr<ReadHandle> make_reader() = 0;
  // Refused: kResourceExhausted (queue full), kUnavailable (stopping).
  virtual Status submit(Request& request) noexcept = 0;
  // Starts the writer's thread. Tests do not call it and use step() instead.
  virtual void start() = 0;
  // Takes no more requests, applies and publishes what is queued, completes it, and ends the thread. Waits
  // for readers at most `patience` ns; returns false when a stuck reader kept the last publish from settling.
  virtual bool stop(Nanos patience) = 0;
  // One turn of the writer, on the caller's thread; returns when it wants its next turn.
  virtual Nanos step() noexcept = 0;

  virtual std::uint64_t published_revision() const noexcept = 0;
  virtual std::uint64_t assigned_revision() const noexcept = 0;
  virtual PublishPolicy policy() const noexcept = 0;
  virtual std::uint64_t store_id() const noexcept = 0;
  virtual const Traits& traits() const noexcept = 0;
  virtual StoreStats stats() const = 0;
};

// Names that --engine takes.
std::vector<std::string> engine_names();

}  // namespace flashkv
