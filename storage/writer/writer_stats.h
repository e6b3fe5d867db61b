// The writer's counters and histograms.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "storage/request/status.h"
#include "storage/sync/live_copy.h"
#include "storage/table/engine.h"
#include "storage/writer/histogram.h"

namespace flashkv {

// One slot for each google.rpc.Code (0..16).
inline constexpr std::size_t kCodes = 17;

// Purpose: the writer's counters, each declared here once. The writer adds to its own set; other threads see
//          a copy made at the end of a step. Counters only grow, except those marked "now".
struct WriterCounts {
  std::uint64_t steps = 0;
  std::uint64_t publishes = 0;
  std::uint64_t deferrals = 0;     // steps that gave up waiting for readers and went back to queueing
  std::uint64_t idle_replays = 0;  // batches begun only to free what readers no longer hold
  std::uint64_t applied_requests = 0;
  std::uint64_t applied_ops = 0;
  std::uint64_t source_requests = 0;  // of applied_requests: offered by sources inside the store
  std::uint64_t expired_keys = 0;     // removed because they had expired
  std::uint64_t completed_requests = 0;
  std::uint64_t pins_taken = 0;
  std::uint64_t pins_revoked = 0;
  std::array<std::uint64_t, kCodes> rejected{};  // answered with that code, nothing applied
  std::uint64_t awaiting_publish = 0;            // now: applied, answered at the next publish
  std::uint64_t waiting_revision = 0;            // now: kWaitRevision requests not yet answered
  std::uint64_t blocked_since =
      0;  // now: Nanos, when readers began to block the staged state; 0 = they do not
  std::uint64_t ordered_bytes = 0;     // now: nodes of the ordered index, spare ones included
  std::uint64_t pins = 0;              // now: not yet returned, revoked ones included
  std::uint64_t pinned_bytes = 0;      // now: of records and nodes that only pins lead to, or that are about
                                       // to be freed
  std::uint64_t oldest_pin = 0;        // now: revision of the oldest that is not revoked; 0 = there is none
  std::uint64_t oldest_pin_since = 0;  // now: Nanos, when it was taken; 0 = there is none

  void reject(Code code) noexcept {
    const auto i = static_cast<std::size_t>(code);
    if (i < kCodes) ++rejected[i];
  }
};

// Purpose: a snapshot of the writer, as plain numbers. Times are nanoseconds.
// Usage:   WriterStatsView v = store.stats().writer; report(v.wait_ns.percentile(0.999));
struct WriterStatsView : WriterCounts {
  Histogram wait_ns;         // each batch begun: how long readers kept the writer waiting
  Histogram batch_ops;       // operations in each applied batch
  Histogram publish_ns;      // how long each publish took
  Histogram publish_lag_ns;  // from the oldest unpublished change being applied to its publish

  std::uint64_t refused_full = 0;      // turned away at the queue: RESOURCE_EXHAUSTED
  std::uint64_t refused_stopping = 0;  // turned away at the queue: UNAVAILABLE
  std::uint64_t queue_requests = 0;    // now
  std::uint64_t queue_bytes = 0;       // now
  std::uint64_t keys = 0;              // in the staged state
  std::uint64_t assigned_revision = 0;
  std::uint64_t published_revision = 0;
  // Now: memory of freed large records that waits to be used again, or to go back to the system. The whole
  // process's.
  std::uint64_t waiting_bytes = 0;
  std::uint64_t oldest_pin_ns = 0;  // the age of the oldest pin; 0 = there is none
  std::uint64_t blocked_ns = 0;     // how long readers have blocked the staged state; 0 when they do not
};

// Purpose: what other threads see of the writer and of the engine's sizes. The queue keeps its own counters;
//          Writer::stats() combines the two.
// Threads: written by the writer's thread alone; copied by any.
struct WriterStats {
  LiveHistogram wait_ns, batch_ops, publish_ns, publish_lag_ns;
  LiveCopy<WriterCounts> counts;
  LiveCopy<EngineStats> engine;
  LiveCounter removed_bytes;      // of records that were replaced or removed
  LiveCounter assigned_revision;  // set before a publish shows it to readers

  void copy_to(WriterStatsView& v) const noexcept {
    static_cast<WriterCounts&>(v) = counts.copy();
    v.wait_ns = wait_ns.view();
    v.batch_ops = batch_ops.view();
    v.publish_ns = publish_ns.view();
    v.publish_lag_ns = publish_lag_ns.view();
    v.keys = engine.copy().keys;
    v.assigned_revision = assigned_revision.get();
  }
};

}  // namespace flashkv
