// The writer: everything that changes the store, as steps that one thread runs.
#pragma once

#include <atomic>
#include <cstdint>
#include <span>
#include <string_view>

#include "storage/request/doorbell.h"
#include "storage/request/request.h"
#include "storage/sync/clock.h"
#include "storage/table/any_engine.h"
#include "storage/writer/writer_state.h"
#include "storage/writer/writer_stats.h"

namespace flashkv {

// Purpose: accepts requests, applies them in batches to the staged state, publishes when the policy says so,
//          and delivers the answers.
// Usage:   Writer writer(engine, policy, limits, system_clock());
//          any thread:  Admission a = writer.submit(request);
//          one thread:  while (!stopping) writer.wait_until(writer.step());
//          at the end:  writer.close();  writer.finish(patience);
// Threads: submit(), close(), stats(), engine_stats(), removed_bytes(), policy(), assigned() and, as it says,
//          history() from any;
//          step(), wait_until(), finish() from one at a time.
// Lifetime: borrows the engine, the limits, the clock and the sources. Before it is destroyed, finish() must
//          have returned, or it must hold no request.
// Cost:    a step with nothing to do: two clock reads, two loads and the copy of the counters.
// Limits:  a step removes expired keys, applies what each source offers and what clients ask: of each of them
//          max_batch operations, or one larger request; of expired keys as many as clients had in the step
//          before, where that is more. It waits for readers at most kOpenBudget.
class Writer {
 public:
  // How long one step() waits for readers of the staged half before it goes back to queueing, and how many
  // times it checks at most. It spins: the kernel's shortest sleep is longer.
  static constexpr Nanos kOpenBudget = 20 * kNanosPerMicro;
  static constexpr int kOpenPolls = 512;
  // After a failed step the next check comes after kRetryGap; the gap doubles up to kMaxRetryGap, so that a
  // reader stuck for seconds does not cost a processor.
  static constexpr Nanos kRetryGap = 50 * kNanosPerMicro;
  static constexpr Nanos kMaxRetryGap = kNanosPerMilli;
  // How often requests waiting behind such a reader are checked for passed deadlines.
  static constexpr Nanos kSweepGap = 10 * kNanosPerMilli;
  // A batch ends early once it has made this many bytes of records and answers, or removed this many bytes of
  // records: a few operations can copy or free much.
  static constexpr std::uint64_t kMaxBatchBytes = std::uint64_t{64} << 20;
  // With this much unpublished work the writer publishes early; the bytes are those of requests, answers and
  // records made, and again those of records removed, which one publish sets free.
  static constexpr std::uint64_t kMaxUnpublishedOps = std::uint64_t{1} << 20;
  static constexpr std::uint64_t kMaxUnpublishedBytes = std::uint64_t{256} << 20;
  // An idle store frees the garbage of its last batch this long after the publish. While readers hold it, the
  // gap between attempts doubles up to kMaxCollectGap.
  static constexpr Nanos kCollectGap = 2 * kNanosPerMilli;
  static constexpr Nanos kMaxCollectGap = 128 * kNanosPerMilli;
  // What a step frees of what pins held: so many nodes and records, and kFreedPerOp for each operation that
  // it applied. An operation makes fewer than that to be freed, so the rest dwindles under any load.
  static constexpr std::size_t kFreedPerStep = 1'024;
  static constexpr std::size_t kFreedPerOp = 4;
  // The next look at a pin that is to be revoked and was being read: a section takes about as long.
  static constexpr Nanos kRevokeGap = 200 * kNanosPerMicro;
  // A request that waits for a revision is answered after this long at the latest.
  static constexpr Nanos kMaxRevisionWait = 30'000 * kNanosPerMilli;

  // `sources` are asked in this order, before the clients' queue.
  // With a journal, load() of what it holds comes first, and its thread outlives the writer.
  Writer(AnyEngine& engine, const PublishPolicy& policy, const StoreLimits& limits, const Clock& clock,
         std::span<Source* const> sources = {}, StagedState::Index index = StagedState::Index::kNone,
         JournalPump* journal = nullptr);
  Writer(AnyEngine&, const PublishPolicy&, StoreLimits&&, const Clock&, std::span<Source* const> = {},
         StagedState::Index = StagedState::Index::kNone, JournalPump* = nullptr) = delete;
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  // Before the first step(): records of a state that is complete with the last call, an empty span.
  bool load(std::span<RecordPtr> records, Status& why) noexcept;

  // kAccepted: the request's sink gets it exactly once. Each operation's hash and request.bytes are set.
  Admission submit(Request& request) noexcept;
  // One step; returns when the next is due (a time in the past: at once; kNever: when woken).
  Nanos step() noexcept;
  // Sleeps until `time`, or until a submit() or wake().
  void wait_until(Nanos time) noexcept;
  void wake() noexcept { bell_.ring(); }

  // Refuses requests from now on.
  void close() noexcept { s_.queue.close(); }
  // After close(): applies, publishes and answers everything that was accepted, and hands it to the journal.
  // Requests that readers still block after `patience` ns are answered UNAVAILABLE, unapplied; those that the
  // disk has not synced by then UNAVAILABLE, too. True: no reader holds the state before the last publish.
  bool finish(Nanos patience) noexcept;

  // After finish(), with the journal's thread ended: hands over what had no place before. False: nothing was
  // left.
  bool hand_over_rest() noexcept;

  std::uint64_t assigned() const noexcept { return s_.stats.assigned_revision.get(); }
  PublishPolicy policy() const noexcept;
  WriterStatsView stats() const noexcept;
  std::uint64_t removed_bytes() const noexcept { return s_.stats.removed_bytes.get(); }
  EngineStats engine_stats() const noexcept { return s_.stats.engine.copy(); }
  WatchHistory& history() noexcept { return s_.staged.history(); }
  const WatchHistory& history() const noexcept { return s_.staged.history(); }
  // Bytes that the journal has not written yet.
  std::uint64_t journal_bytes() const noexcept {
    return s_.staged.journal() != nullptr ? s_.staged.journal()->bytes() : 0;
  }

 private:
  // In the order of a step.
  void take_arrivals() noexcept;
  void take_control(Request& r) noexcept;
  void set_policy(Request& r) noexcept;
  bool work_waits() const noexcept;
  void begin_batch() noexcept;
  void batch_begun() noexcept;
  void collect() noexcept;
  void sweep_deadlines() noexcept;
  void apply_sources() noexcept;
  std::uint64_t apply_offered(Source& source, std::uint64_t max_ops) noexcept;
  void apply_batch() noexcept;
  bool prepare(Request& r, std::uint64_t revision) noexcept;
  void apply(Request& r) noexcept;
  bool apply_client(Request& r) noexcept;
  void answer(Request& r) noexcept;
  void leave_queue() noexcept;
  void publish_when_due() noexcept;
  void publish() noexcept;
  void answer_waiting() noexcept;
  void look_at_journal() noexcept;
  bool journal_moved() const noexcept;
  void answer_synced() noexcept;
  void answer_unsynced(std::string_view why) noexcept;
  bool waits_for_journal() const noexcept;
  bool refuse_durable(Request& r) noexcept;
  void say_why_it_fails(Status& status, std::string_view head) const noexcept;
  void answer_pinners() noexcept;
  void answer_pinner(Request& r) noexcept;
  void free_unpinned() noexcept;
  void answer_control(Request& r) noexcept;
  void refuse_pending() noexcept;
  void show() noexcept;
  void show_pins() noexcept;
  Nanos sources_due() const noexcept;
  Nanos next_step() const noexcept;
  void show_policy() noexcept;

  const Clock& clock_;
  WriterState s_;
  Doorbell bell_;
  // A copy of the schedule's policy for other threads.
  std::atomic<Nanos> shown_interval_{0};
  std::atomic<std::uint64_t> shown_max_batch_{0};
  std::atomic<bool> shown_adaptive_{false};
};

}  // namespace flashkv
