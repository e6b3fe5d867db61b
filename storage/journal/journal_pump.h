// The journal's thread, as steps.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <utility>

#include "storage/journal/disk.h"
#include "storage/journal/journal_queue.h"
#include "storage/request/doorbell.h"
#include "storage/sync/clock.h"

namespace flashkv {

// When the journal syncs although nobody waits for it.
enum class SyncPolicy : std::uint8_t { kAlways, kEverySecond, kOnRequest };

// What the journal has done, for Stats.
struct JournalCounts {
  std::uint64_t written_revision = 0;
  std::uint64_t synced_revision = 0;
  std::uint64_t batches = 0;
  std::uint64_t entries = 0;
  std::uint64_t syncs = 0;
  std::uint64_t failures = 0;
  Nanos last_sync_ns = 0;  // how long it took
  Nanos longest_sync_ns = 0;
};

// Purpose: writes the batches of the queue to the disk and syncs them, many with one sync: whatever arrives
//          during a sync is written and synced by the next one (group commit).
//          When the disk fails, it tries again, less and less often; failing() says so meanwhile, and why.
// Usage:   JournalPump pump(disk, policy, revision, system_clock());
//          pump.tell(writers_bell);
//          one thread:  while (!pump.stopping()) pump.wait_until(pump.step());
//          writer:      pump.want_sync(r.revision);  ...  if (pump.synced() >= r.revision) answer(r);
// Threads: step(), wait_until() and finish() from one at a time; queue() as it says; the rest from any.
// Lifetime: borrows disk, clock and bell.
// Cost:    step(): one write a batch and at most one sync.
class JournalPump {
 public:
  static constexpr Nanos kSyncGap = 1'000 * kNanosPerMilli;
  static constexpr Nanos kRetryGap = 50 * kNanosPerMilli;
  static constexpr Nanos kMaxRetryGap = 1'000 * kNanosPerMilli;

  // `revision` is the one that the disk holds already.
  JournalPump(JournalDisk& disk, SyncPolicy policy, std::uint64_t revision, const Clock& clock) noexcept;
  JournalPump(const JournalPump&) = delete;
  JournalPump& operator=(const JournalPump&) = delete;

  JournalQueue& queue() noexcept { return queue_; }
  // Rung whenever written() or synced() moves, and when failing() changes. Before the first step.
  void tell(Doorbell& bell) noexcept { told_ = &bell; }
  // Called by step() when the disk fails, with the reason, and with an empty text when it works again. Before
  // the first step.
  using OnChange = std::function<void(const std::string&)>;
  void on_change(OnChange call) { on_change_ = std::move(call); }

  // Writes what is there, syncs it where it is due; returns when the next step is (kNever: when woken).
  Nanos step() noexcept;
  void wait_until(Nanos time) noexcept;
  void wake() noexcept { bell_.ring(); }
  // Ends the loop: `while (!pump.stopping()) pump.wait_until(pump.step());`
  void stop() noexcept {
    stopping_.store(true, std::memory_order_seq_cst);
    bell_.ring();
  }
  bool stopping() const noexcept { return stopping_.load(std::memory_order_seq_cst); }
  // Writes and syncs everything that was handed over, with one try. False: the disk failed.
  bool finish() noexcept;

  // Asks for a sync of this revision as soon as it is written. From the writer alone.
  void want_sync(std::uint64_t revision) noexcept;
  // These three: whoever arms a bell that was told, and then reads what it read before, misses nothing (W1).
  std::uint64_t written() const noexcept { return written_.load(std::memory_order_seq_cst); }
  // What survives the end of the machine.
  std::uint64_t synced() const noexcept { return synced_.load(std::memory_order_seq_cst); }
  bool failing() const noexcept { return failing_.load(std::memory_order_seq_cst); }
  // Why it fails, or failed last; empty if it never did.
  std::string failure() const;
  JournalCounts counts() const noexcept;

 private:
  void say_so() noexcept;
  bool revive() noexcept;
  bool write_batches() noexcept;
  bool sync() noexcept;
  bool sync_is_due() const noexcept;
  bool failed(const Status& why) noexcept;
  void works() noexcept;
  Nanos next_step() noexcept;

  JournalDisk& disk_;
  const SyncPolicy policy_;
  const Clock& clock_;
  JournalQueue queue_;
  Doorbell bell_;
  Doorbell* told_ = nullptr;
  OnChange on_change_;

  // The thread's.
  Nanos now_ = 0;
  Nanos sync_at_ = kNever;  // kEverySecond: what is written and not synced is by then
  Nanos retry_at_ = 0;
  Nanos retry_gap_ = 0;

  std::atomic<std::uint64_t> written_;
  std::atomic<std::uint64_t> synced_;
  std::atomic<std::uint64_t> wanted_{0};
  std::atomic<bool> failing_{false};
  std::atomic<bool> stopping_{false};
  std::atomic<std::uint64_t> batches_{0}, entries_{0}, syncs_{0}, failures_{0};
  std::atomic<Nanos> last_sync_{0}, longest_sync_{0};
  mutable std::mutex mutex_;  // of failure_; never taken while the disk works
  std::string failure_;
};

}  // namespace flashkv
