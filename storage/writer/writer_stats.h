// What the writer counts about itself: the live counters and the copy that a scrape gets.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "storage/request/status.h"
#include "storage/table/engine.h"
#include "storage/writer/histogram.h"

namespace flashkv {

// One slot for each google.rpc.Code (0..16).
inline constexpr std::size_t kCodes = 17;

// Purpose: one moment of the writer, as plain numbers. Counters only grow; times are nanoseconds.
// Usage:   WriterStatsView v = store.stats().writer; report(v.wait_ns.percentile(0.999));
struct WriterStatsView {
  Histogram wait_ns;         // each opening of the staged state: the time its readers kept the writer waiting
  Histogram batch_ops;       // operations in each applied batch
  Histogram publish_ns;      // how long each publish took
  Histogram publish_lag_ns;  // from the oldest unpublished change being applied to its publish

  std::uint64_t steps = 0;
  std::uint64_t publishes = 0;
  std::uint64_t deferrals = 0;     // turns that gave up waiting for readers and kept queueing
  std::uint64_t idle_replays = 0;  // openings made only to let garbage go
  std::uint64_t applied_requests = 0;
  std::uint64_t applied_ops = 0;
  std::uint64_t completed_requests = 0;
  std::array<std::uint64_t, kCodes> rejected{};  // answered by the writer with that code, nothing applied
  std::uint64_t refused_full = 0;                // turned away at the queue: RESOURCE_EXHAUSTED
  std::uint64_t refused_stopping = 0;            // turned away at the queue: UNAVAILABLE

  std::uint64_t queue_requests = 0;  // now
  std::uint64_t queue_bytes = 0;     // now
  std::uint64_t queue_requests_limit = 0;
  std::uint64_t queue_bytes_limit = 0;
  std::uint64_t keys = 0;              // in the staged state
  std::uint64_t awaiting_publish = 0;  // requests applied and answered at the next publish
  std::uint64_t waiting_revision = 0;  // kWaitRevision requests not yet answered
  std::uint64_t assigned_revision = 0;
  std::uint64_t published_revision = 0;
  std::uint64_t blocked_ns = 0;  // how long readers have kept the staged state closed, 0 when they do not
};

// Purpose: a number that one thread changes and others look at.
// Threads: add(), set() from one thread, without read-modify-write instructions; get() from any.
class LiveCounter {
 public:
  void add(std::uint64_t by = 1) noexcept { set(get() + by); }
  void set(std::uint64_t v) noexcept { value_.store(v, std::memory_order_relaxed); }
  std::uint64_t get() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

// Purpose: the writer's own counters, and the engine's sizes as it last saw them. The queue's part of the
// view
//          (refusals, depth, bytes, limits) comes from the queue: Writer::stats() puts the view together.
// Threads: written by the writer's thread alone; copy_to() from any.
struct WriterStats {
  LiveHistogram wait_ns, batch_ops, publish_ns, publish_lag_ns;
  LiveCounter steps, publishes, deferrals, idle_replays, applied_requests, applied_ops, completed_requests;
  std::array<LiveCounter, kCodes> rejected;
  LiveCounter keys, awaiting_publish, waiting_revision;
  LiveCounter assigned_revision, published_revision;
  LiveCounter blocked_since;  // Nanos, 0 = not blocked
  // The engine's, with keys above.
  LiveCounter record_bytes, index_bytes, retired_bytes, leaked_bytes, leak_full, deferred_opens, open_wait_ns;

  void reject(Code code) noexcept {
    const auto i = static_cast<std::size_t>(code);
    if (i < kCodes) rejected[i].add();
  }
  void copy_to(WriterStatsView& v) const noexcept {
    v.wait_ns = wait_ns.view();
    v.batch_ops = batch_ops.view();
    v.publish_ns = publish_ns.view();
    v.publish_lag_ns = publish_lag_ns.view();
    v.steps = steps.get();
    v.publishes = publishes.get();
    v.deferrals = deferrals.get();
    v.idle_replays = idle_replays.get();
    v.applied_requests = applied_requests.get();
    v.applied_ops = applied_ops.get();
    v.completed_requests = completed_requests.get();
    for (std::size_t i = 0; i < kCodes; ++i) v.rejected[i] = rejected[i].get();
    v.keys = keys.get();
    v.awaiting_publish = awaiting_publish.get();
    v.waiting_revision = waiting_revision.get();
    v.assigned_revision = assigned_revision.get();
    v.published_revision = published_revision.get();
  }
  void set_engine(const EngineStats& e) noexcept {
    keys.set(e.keys);
    record_bytes.set(e.record_bytes);
    index_bytes.set(e.index_bytes);
    retired_bytes.set(e.retired_bytes);
    leaked_bytes.set(e.leaked_bytes);
    leak_full.set(e.leak_full ? 1 : 0);
    deferred_opens.set(e.deferred_opens);
    open_wait_ns.set(e.open_wait_ns);
  }
  EngineStats engine() const noexcept {
    return {.keys = keys.get(),
            .record_bytes = record_bytes.get(),
            .index_bytes = index_bytes.get(),
            .retired_bytes = retired_bytes.get(),
            .leaked_bytes = leaked_bytes.get(),
            .leak_full = leak_full.get() != 0,
            .deferred_opens = deferred_opens.get(),
            .open_wait_ns = open_wait_ns.get()};
  }
};

}  // namespace flashkv
