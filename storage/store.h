// The door to the store: the only storage header that the server needs.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "storage/clock.h"
#include "storage/engine/engine.h"
#include "storage/status.h"
#include "storage/writer/request.h"
#include "storage/writer/writer_stats.h"

namespace flashkv {

enum class GuardChoice : std::uint8_t { kAuto, kRefcount, kAsymmetric };

struct StoreOptions {
  std::string engine = "flashmap";
  GuardChoice guard = GuardChoice::kAuto;  // flashmap only; kAuto = the faster by measurement
  PublishPolicy policy;
  std::uint64_t max_queue_requests = 65'536;
  std::uint64_t max_queue_bytes = std::uint64_t{256} << 20;
  std::uint64_t max_value_bytes = std::uint64_t{8} << 20;  // Append must not grow a value past it
  std::uint64_t hash_seed = 0;  // 0 = drawn at start
  std::uint64_t hash_mask = ~std::uint64_t{0};  // tests: force collisions
  const Clock* clock = &system_clock();
};

// One answer of a read, filled in by ReadHandle. `value` is where the value's bytes go (null: not wanted);
// its capacity is reused, so a recycled string costs no allocation.
struct Lookup {
  bool found = false;
  std::uint64_t create_revision = 0;
  std::uint64_t mod_revision = 0;
  std::uint64_t version = 0;
  std::int64_t expires_at_ms = 0;
  std::string* value = nullptr;
};

// Purpose: one thread's way to read.
// Usage:   auto reader = store.make_reader();  std::string value;  Lookup hit{.value = &value};
//          std::uint64_t revision = reader->get("color", hit);
// Threads: bound to the thread that uses it first; one per thread, made once, never per request.
// Lifetime: dies before its store.
// Cost:    one virtual call; no lock, no allocation but the value's own, no shared write.
// Both calls return the revision of the state they saw. A key that has expired is not found.
class ReadHandle {
 public:
  virtual ~ReadHandle() = default;
  virtual std::uint64_t get(std::string_view key, Lookup& out) = 0;
  // All answers from one state (engines without atomic_batch: FAILED_PRECONDITION is the caller's to give
  // for more than one key). out[i] answers keys[i]; equal lengths. When the values together exceed
  // max_bytes, complete is false and the answers are unusable.
  virtual std::uint64_t multi_get(std::span<const std::string_view> keys, std::span<Lookup> out,
                                  std::uint64_t max_bytes, bool& complete) = 0;
  // The revision that every read started from now on sees at least.
  virtual std::uint64_t published_revision() const noexcept = 0;
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
