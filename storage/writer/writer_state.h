// Everything that a step of the writer may touch, in one place.
#pragma once

#include <cstdint>
#include <span>

#include "storage/apply/pin_list.h"
#include "storage/apply/request_plan.h"
#include "storage/apply/staged_state.h"
#include "storage/request/completions.h"
#include "storage/request/request_list.h"
#include "storage/request/request_queue.h"
#include "storage/writer/expiry_source.h"
#include "storage/writer/publish_schedule.h"
#include "storage/writer/source.h"
#include "storage/writer/trimmer.h"
#include "storage/writer/wait_list.h"
#include "storage/writer/writer_stats.h"

namespace flashkv {

// Purpose: the whole state of Writer::step(): a step reads and writes nothing that is not named here.
// Threads: the writer's alone, except `queue` and `stats`, whose contracts name the other threads.
struct WriterState {
  WriterState(AnyEngine& engine, StagedState::Index index, JournalPump* journal, const PublishPolicy& policy,
              const StoreLimits& limits, std::span<Source* const> inside, Nanos started)
      : staged(engine, index, limits.watch_history_bytes, journal, limits.max_journal_bytes),
        queue(limits),
        pins(staged, queue, limits),
        expiry(staged.expiries(), engine.hash()),
        sources(inside),
        plan(staged, limits),
        schedule(policy, started),
        now(started) {}

  StagedState staged;
  RequestQueue queue;                // in: the clients' source
  PinList pins;                      // of the published state, out with request threads
  ExpirySource expiry;               // in: what has expired
  std::span<Source* const> sources;  // in: others inside the store

  // A request between the queue and its sink is always in exactly one of these.
  RequestList pending;     // taken from the queue, not applied
  RequestList publishers;  // kPublish: answered in this step
  RequestList pinners;     // kTakePin of what is published: answered in this step
  WaitList unpublished;    // applied, kWaitRevision or kTakePin: answered once their revision is published
  WaitList unsynced;       // DURABLE, applied: answered once their revision is synced, or the disk fails
  Completions done;        // out: answered in this step

  RequestPlan plan;  // the request being prepared
  PublishSchedule schedule;
  Trimmer trimmer;

  std::uint64_t client_ops = 0;      // of clients, in the last batch
  std::uint64_t step_ops = 0;        // applied in this step
  std::uint64_t answered = 0;        // in this step: removed from the queue's count together, at its end
  std::uint64_t answered_bytes = 0;  // of their payload
  std::uint64_t taken_bytes = 0;     // of what this step applied, or refused

  Nanos now = 0;                        // when this step started; one instant decides all expiries of a step
  bool closing = false;                 // publish whatever there is; sources are no longer asked
  std::uint64_t unpublished_ops = 0;    // applied since the last publish
  std::uint64_t unpublished_bytes = 0;  // their payload, and the records made for them
  // What had been removed at the last publish: records removed since cannot be freed before the next.
  std::uint64_t removed_published = 0;
  Nanos changed_at = kNever;     // oldest change not yet published
  Nanos blocked_since = kNever;  // when readers began to block the staged state
  Nanos retry_open_at = 0;       // no further attempt before this time
  Nanos retry_gap = 0;           // grows while readers stay
  Nanos sweep_at = 0;            // while blocked: when pending requests are next checked for passed deadlines
  Nanos collect_at = kNever;     // idle: when memory is next collected
  Nanos collect_gap = 0;         // grows while nothing is freed
  Nanos pins_at = kNever;        // when more of what pins held can be freed

  // What was last seen of the journal.
  std::uint64_t seen_written = 0;
  std::uint64_t seen_synced = 0;
  bool seen_failing = false;
  bool journal_again = false;  // more records of written batches are to be released

  WriterCounts counts;
  WriterStats stats;
  bool blocked() const noexcept { return !staged.is_open() && !pending.empty() && blocked_since != kNever; }
  bool idle() const noexcept { return pending.empty() && !staged.dirty(); }
};

}  // namespace flashkv
