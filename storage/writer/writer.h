// The one thread's worth of work that changes the store.
#pragma once

#include <atomic>
#include <cstdint>

#include "storage/request/doorbell.h"
#include "storage/request/request.h"
#include "storage/sync/clock.h"
#include "storage/table/any_engine.h"
#include "storage/writer/writer_state.h"
#include "storage/writer/writer_stats.h"

namespace flashkv {

struct WriterOptions {
  PublishPolicy policy;
  QueueLimits queue;
  std::uint64_t max_value_bytes = std::uint64_t{8} << 20;
};

// Purpose: takes requests in, applies them in batches to the staged state, publishes when the policy says so,
//          and hands the answers back.
// Usage:   Writer writer(table, options, system_clock());
//          any thread:  Admission a = writer.submit(request);
//          one thread:  while (!stopping) writer.wait_until(writer.step());
//          at the end:  writer.close();  writer.finish(patience);
// Threads: submit(), close(), stats(), engine_stats(), policy(), assigned() from any; step(), wait_until(),
//          finish() from one at a time.
// Lifetime: borrows the table and the clock. finish() has been called before it goes, or no request is
//          inside.
// Cost:    a turn with nothing to do: one reading of the clock and two loads.
// Limits:  a turn applies max_batch operations, or one larger request; waits for readers kOpenBudget at most.
class Writer {
 public:
  // What a turn spends on readers that are still inside before it goes on queueing, and the looks it takes in
  // that time at most. It looks and does not sleep: the kernel's shortest sleep is longer than this.
  static constexpr Nanos kOpenBudget = 20 * kNanosPerMicro;
  static constexpr int kOpenPolls = 512;
  // Then the next look comes after kRetryGap, later twice that, and so on up to kMaxRetryGap: a reader that
  // is stuck for seconds must not cost a processor.
  static constexpr Nanos kRetryGap = 50 * kNanosPerMicro;
  static constexpr Nanos kMaxRetryGap = kNanosPerMilli;
  // How often requests that wait behind such a reader are looked over for passed deadlines.
  static constexpr Nanos kSweepGap = 10 * kNanosPerMilli;
  // A batch ends early once it has made so many bytes of records and answers: a few operations can copy much.
  static constexpr std::uint64_t kMaxBatchBytes = std::uint64_t{64} << 20;
  // What waits for a publish is bounded too: beyond this it is published before its time.
  static constexpr std::uint64_t kMaxUnpublishedOps = std::uint64_t{1} << 20;
  static constexpr std::uint64_t kMaxUnpublishedBytes = std::uint64_t{256} << 20;
  // An idle store lets the garbage of its last batch go this long after the publish.
  static constexpr Nanos kIdleReplay = 2 * kNanosPerMilli;

  Writer(AnyEngine& table, const WriterOptions& options, const Clock& clock) noexcept;
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  // kAccepted: the request's sink gets it exactly once. Each operation's hash and request.bytes are set.
  Admission submit(Request& request) noexcept;
  // One turn; returns when it wants the next (a time that has passed: at once; kNever: when woken).
  Nanos step() noexcept;
  // Sleeps until then, or until a submit() or wake().
  void wait_until(Nanos time) noexcept;
  void wake() noexcept { bell_.ring(); }

  // Refuses requests from now on.
  void close() noexcept { s_.queue.close(); }
  // After close(): applies, publishes and answers everything that was accepted. What readers still block
  // after `patience` ns is answered UNAVAILABLE, unapplied. True: the last publish has settled, nobody holds
  // the old state.
  bool finish(Nanos patience) noexcept;

  std::uint64_t assigned() const noexcept { return s_.stats.assigned_revision.get(); }
  PublishPolicy policy() const noexcept;
  const QueueLimits& queue_limits() const noexcept { return s_.queue.limits(); }
  WriterStatsView stats() const noexcept;
  EngineStats engine_stats() const noexcept { return s_.stats.engine(); }

 private:
  // In the order of a turn.
  void take_arrivals() noexcept;
  void take_control(Request& r) noexcept;
  void set_policy(Request& r) noexcept;
  void open_staged() noexcept;
  void open_idle() noexcept;
  void opened() noexcept;
  void sweep_deadlines() noexcept;
  void apply_batch() noexcept;
  void apply(Request& r) noexcept;
  void answer(Request& r) noexcept;
  void leave_queue() noexcept;
  void publish_when_due() noexcept;
  void publish() noexcept;
  void answer_waiting() noexcept;
  void answer_control(Request& r) noexcept;
  void refuse_pending() noexcept;
  Nanos next_turn() const noexcept;
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
