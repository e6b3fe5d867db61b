// Everything that a turn of the writer may touch, in one place.
#pragma once

#include <cstdint>

#include "storage/apply/request_plan.h"
#include "storage/request/completions.h"
#include "storage/request/request_list.h"
#include "storage/request/request_queue.h"
#include "storage/table/any_engine.h"
#include "storage/writer/publish_schedule.h"
#include "storage/writer/revision_waiters.h"
#include "storage/writer/writer_stats.h"

namespace flashkv {

// Purpose: the whole state of Writer::step(). What is not named here, a turn neither reads nor writes.
// Threads: the writer's alone, except `queue` and `stats`, which say themselves who else may look.
struct WriterState {
  WriterState(AnyEngine& t, const PublishPolicy& policy, QueueLimits limits, std::uint64_t max_value_bytes,
              Nanos started) noexcept
      : table(t), queue(limits), plan(t, max_value_bytes), schedule(policy, started), now(started) {}

  AnyEngine& table;    // the engine: staged and published state
  RequestQueue queue;  // in: what request threads ask

  // Where a request stands between the queue and its sink; it is in one of these at any moment.
  RequestList pending;      // taken from the queue, not applied
  RequestList awaiting;     // decided; answered with the next publish
  RequestList publishers;   // kPublish: answered in this turn
  RevisionWaiters waiting;  // kWaitRevision
  Completions done;         // out: answered in this turn

  RequestPlan plan;  // the request being prepared
  PublishSchedule schedule;

  std::uint64_t answered = 0;        // in this turn: they leave the queue together, at its end
  std::uint64_t answered_bytes = 0;  // of their payload

  Nanos now = 0;                      // when this turn started; one instant decides all expiries of a turn
  bool open = false;                  // the staged state may be written
  bool closing = false;               // publish whatever there is
  std::uint64_t assigned = 0;         // last revision given to a request
  std::uint64_t published = 0;        // last revision that readers see; less than assigned: there is a change
  std::uint64_t unpublished_ops = 0;  // applied since the last publish
  std::uint64_t unpublished_bytes = 0;  // their payload, and what they had made
  Nanos changed_at = kNever;            // oldest change not yet published
  Nanos blocked_since = kNever;         // readers keep the staged state closed since then
  Nanos retry_open_at = 0;              // not asked again before
  Nanos retry_gap = 0;                  // grows while readers stay
  Nanos sweep_at = 0;        // while blocked: when pending requests are next looked over for passed deadlines
  Nanos replay_at = kNever;  // idle: when to open only to let garbage go

  WriterStats stats;
  bool dirty() const noexcept { return assigned != published; }
  bool blocked() const noexcept { return !open && !pending.empty() && blocked_since != kNever; }
  bool idle() const noexcept { return pending.empty() && !dirty(); }
};

}  // namespace flashkv
