// The door to the store: the only storage header that the server needs.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "storage/journal/journal.h"
#include "storage/record/hash.h"
#include "storage/record/large_block.h"
#include "storage/record/store_limits.h"
#include "storage/request/pinned_state.h"
#include "storage/request/request.h"
#include "storage/request/request_queue.h"
#include "storage/request/status.h"
#include "storage/scan.h"
#include "storage/sync/clock.h"
#include "storage/table/any_engine.h"
#include "storage/table/engine_options.h"
#include "storage/table/guard_choice.h"
#include "storage/table/read_handle.h"
#include "storage/watch/history.h"
#include "storage/writer/writer.h"
#include "storage/writer/writer_stats.h"
#include "storage/writer/writer_thread.h"

namespace flashkv {

struct StoreOptions {
  std::string engine = "flashmap";
  GuardChoice guard = GuardChoice::kAuto;      // flashmap only; kAuto = the faster by measurement
  unsigned slice_bits = 0;                     // radix engines: 4, 8, 11, 13 or 16; 0 = their default
  WordOrder word_order = WordOrder::kForward;  // radix engines
  bool ordered_index = true;  // off: no pins (kTakePin), no kEraseRange; some 20 bytes a key less
  PublishPolicy policy;
  StoreLimits limits{};
  // Where the state is kept over restarts; empty = memory only.
  std::string data_dir;
  SyncPolicy sync = SyncPolicy::kEverySecond;
  unsigned load_threads = 1;  // read the data folder at the start
  // Called now and then while that goes on: records so far, and about how many there will be.
  std::function<void(std::uint64_t, std::uint64_t)> on_load;
  // Called on the journal's thread when the disk fails, with the reason, and when it works again, with none.
  JournalPump::OnChange on_journal;
  std::uint64_t hash_seed = 0;                  // 0 = drawn at start
  std::uint64_t hash_mask = ~std::uint64_t{0};  // tests: force collisions
  const Clock* clock = &system_clock();
};

struct JournalStats {
  bool on = false;
  bool failing = false;
  std::string failure;  // why it fails, or failed last
  JournalCounts counts;
  std::uint64_t waiting_bytes = 0;  // not written yet
  std::uint64_t waiting_bytes_limit = 0;
  std::uint64_t disk_bytes = 0;
};

// Everything Admin.Stats and the metrics report, copied out at one moment.
struct StoreStats {
  Traits traits;
  std::string guard;  // "refcount", "asymmetric" or "" where the engine has no choice
  EngineStats engine;
  WriterStatsView writer;
  PublishPolicy policy;
  JournalStats journal;
  std::uint64_t store_id = 0;
  std::uint64_t published_revision = 0;
  std::uint64_t assigned_revision = 0;
};

// Purpose: the store: one writer thread, one engine, a bounded queue in front.
// Usage:   Status why; auto store = Store::open(options, why); if (!store) return why;
//          store->start();  auto reader = store->make_reader();  store->submit(request);
// Threads: start() and stop() are the owner's, step() one thread's; everything else from any.
// Lifetime: readers, requests in flight and pins end before it does; pins may outlive stop(). It copies the
//          options; the clock outlives it.
// Limits:  limits(), for as long as it lives.
// Errors:  open(): null and `why` (unknown engine or guard: the allowed values; a data folder that cannot be
//          used or is damaged). Both throw std::bad_alloc.
class Store {
 public:
  static std::unique_ptr<Store> open(const StoreOptions& options, Status& why);
  // A store over an engine that the caller brings, made with limits.max_retired_bytes; options.engine, guard
  // and hash_* do not matter then. Memory only.
  static std::unique_ptr<Store> over(std::unique_ptr<AnyEngine> engine, const StoreOptions& options);
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;
  ~Store() { stop(0); }

  std::unique_ptr<ReadHandle> make_reader() { return engine_->make_reader(clock_); }
  // Refused: kResourceExhausted (queue full), kUnavailable (stopping).
  Status submit(Request& request) noexcept;
  // Starts the writer's thread. Tests do not call it and use step() instead.
  void start();
  // Accepts no more requests, applies and publishes what is queued, completes it, and ends the thread. Waits
  // for readers at most `patience` ns; returns false when a stuck reader still holds the state before the
  // last publish. With a data folder everything published is then synced; journal_failure() says why not.
  bool stop(Nanos patience) noexcept;
  // One turn of the writer, on the caller's thread; returns when it wants its next turn.
  Nanos step() noexcept { return writer_.step(); }

  std::uint64_t published_revision() const noexcept { return engine_->published(); }
  std::uint64_t assigned_revision() const noexcept { return writer_.assigned(); }
  PublishPolicy policy() const noexcept { return writer_.policy(); }
  std::uint64_t store_id() const noexcept { return store_id_; }
  const StoreLimits& limits() const noexcept { return limits_; }
  const Traits& traits() const noexcept { return engine_->traits(); }
  // Whether pins, scans and erasing of ranges are to be had.
  bool has_ordered_index() const noexcept { return ordered_index_; }
  StoreStats stats() const;
  // Why the journal fails; empty = it works, or there is none.
  std::string journal_failure() const;
  EngineStats engine_stats() const noexcept { return writer_.engine_stats(); }
  // What changed recently: for watchers.
  WatchHistory& history() noexcept { return writer_.history(); }
  const WatchHistory& history() const noexcept { return writer_.history(); }
  // Bytes of all records that were replaced or removed since the start.
  std::uint64_t removed_bytes() const noexcept { return writer_.removed_bytes(); }

 private:
  Store(std::unique_ptr<AnyEngine> engine, std::unique_ptr<Journal> journal, const StoreOptions& options);
  Status load(const StoreOptions& options);
  Status status_of(Admission admission) const noexcept;
  JournalStats journal_stats() const;
  bool journal_is_full(const Request& request) const noexcept;

  const Clock& clock_;
  const StoreLimits limits_;  // the copy that all others borrow
  const bool ordered_index_;
  const KeyHash hash_;
  const std::uint64_t store_id_;
  // The engine frees its records when it goes; no writer is left then that gives their memory back.
  struct LastTrim {
    ~LastTrim() { large_block::trim(0, SIZE_MAX); }
  } last_trim_;
  std::unique_ptr<AnyEngine> engine_;
  const std::unique_ptr<Journal> journal_;  // null = memory only
  Writer writer_;
  WriterThread thread_;
  bool stopped_ = false;
  bool saved_ = true;
};

// The hash that the options ask for; a seed of 0 is drawn anew by each call.
KeyHash key_hash(const StoreOptions& options);

// Names that --engine accepts.
std::vector<std::string> engine_names();

}  // namespace flashkv
