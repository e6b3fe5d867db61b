// The state under construction: the one place that every committed change passes through.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "storage/apply/change_set.h"
#include "storage/expiry/timer_wheel.h"
#include "storage/journal/journal_feed.h"
#include "storage/order/ordered_index.h"
#include "storage/record/hash.h"
#include "storage/request/status.h"
#include "storage/sync/clock.h"
#include "storage/table/any_engine.h"
#include "storage/watch/history.h"

namespace flashkv {

// Purpose: the state that the writer is building, and the revision that readers see. The engine is one
//          member, the wheel of expiries, the ordered index, the watch history and the journal's feed are
//          others; whatever else has to follow each change becomes one more, and gets the same changes at the
//          same moments.
//          The plan and the writer know this type and nothing behind it.
// Usage:   if (!staged.try_begin_batch(budget)) return;         // readers are still inside: try again later
//          if (staged.prepare(changes, why)) staged.commit(changes, staged.assigned() + 1);
//          staged.publish();                                    // readers see all that was committed
//          while (staged.collect()) wait;                       // idle: frees what readers no longer hold
//          At the start, before anything else: staged.load(records, why), then publish() if dirty().
// Threads: the writer's.
// Lifetime: borrows the engine, which is empty at first, and is the only one that ever changes it: the
//          records are in its index, and those that expire in its wheel. Pins are returned before it goes.
// Cost:    one call to the engine each; prepare() keeps its scratch space for the next request.
// Errors:  only prepare() can fail; what it reserved is dropped by the next publish() or collect().
class StagedState {
 public:
  enum class Index : bool { kNone = false, kOrdered = true };

  // `history_bytes`: the bound of the events kept for watchers; 0 = none are. With a journal, revisions go on
  // from the one that it has written.
  explicit StagedState(AnyEngine& engine, Index index = Index::kNone, std::uint64_t history_bytes = 0,
                       JournalPump* journal = nullptr, std::uint64_t journal_bytes = 0);
  StagedState(const StagedState&) = delete;
  StagedState& operator=(const StagedState&) = delete;

  // Waits at most `budget` ns for readers of the state that is about to change. True: it may be written until
  // the next publish(). False: readers are still inside, nothing changed.
  bool try_begin_batch(Nanos budget) noexcept {
    return open_ = open_ || (history_.has_room() && engine_.try_begin_batch(budget));
  }
  bool is_open() const noexcept { return open_; }

  // Only while open.
  Record* find(const Probe& probe) noexcept { return engine_.find(probe); }
  void prefetch(std::span<const Probe> probes) noexcept {
    engine_.prefetch(probes);
    if (index_) index_->prefetch(probes);
  }
  // Reserves whatever commit() of these changes needs. False: `why` says what is short, and find() returns
  // what it did before.
  bool prepare(std::span<const Change> changes, Status& why) noexcept;
  // Applies prepared changes and takes their records. `revision` must be above assigned().
  void commit(std::span<Change> changes, std::uint64_t revision) noexcept;

  // Takes records that the journal has read back, each of another key and none of them here yet; only while
  // open, and it ends the batch: the engine would keep a log of all of them. They are no events, and the
  // journal does not get them again. False: `why` says what is short, and the state is of no use.
  bool load(std::span<RecordPtr> records, Status& why) noexcept;

  // Readers that start from now on see everything committed so far.
  void publish() noexcept;

  // Only with nothing committed since the last publish: drops unused reservations and frees what no reader
  // holds any more. True: something still waits for readers, so another call is worthwhile.
  bool collect() noexcept;

  bool has_index() const noexcept { return index_.has_value(); }
  // The staged keys in order, until the next change. Only with an index.
  order::Root in_order() const noexcept { return index_->staged(); }
  // The state published last, kept until unpin(). Null when memory is short. Only with an index.
  const order::Pin* pin() noexcept { return index_->pin(); }
  void unpin(const order::Pin* pin) noexcept { index_->unpin(pin); }
  // Frees about `most` nodes and records that only returned pins led to. True: there are more.
  bool free_unpinned(std::size_t most) noexcept { return index_ && index_->collect(most); }
  // Bytes of what only pins that are held lead to.
  std::uint64_t held_bytes() const noexcept { return index_ ? index_->held_bytes() : 0; }
  order::Stats index_stats() const noexcept { return index_ ? index_->stats() : order::Stats{}; }

  std::uint64_t assigned() const noexcept { return assigned_; }
  std::uint64_t published() const noexcept { return published_; }
  bool dirty() const noexcept { return assigned_ != published_; }
  // What expires, and when. Entries come and go with commit().
  TimerWheel& expiries() noexcept { return expiries_; }
  // How many keys of the published state have an expiry, passed or not.
  std::uint64_t published_expiring() const noexcept { return published_expiring_; }
  std::uint64_t hash(std::string_view key) const noexcept { return hash_(key); }
  // What changed recently, for those who watch.
  WatchHistory& history() noexcept { return history_; }
  const WatchHistory& history() const noexcept { return history_; }
  // What is on its way to the disk; null = memory only.
  JournalFeed* journal() noexcept { return journal_ ? &*journal_ : nullptr; }
  const JournalFeed* journal() const noexcept { return journal_ ? &*journal_ : nullptr; }
  // How many keys were removed because they had expired.
  std::uint64_t expired() const noexcept { return expired_; }
  // Bytes of all records that were replaced or removed.
  std::uint64_t removed_bytes() const noexcept { return removed_bytes_; }
  EngineStats engine_stats() const noexcept { return engine_.stats(); }

 private:
  bool reserve(std::uint64_t replaced_bytes, Status& why) noexcept;
  void say_what_is_short(Status& why) const noexcept;
  void say_journal_is_full(Status& why) const noexcept;
  void insert(Record* after, const Probe& probe) noexcept;

  AnyEngine& engine_;
  const KeyHash hash_;
  TimerWheel expiries_;
  std::optional<order::OrderedIndex> index_;
  WatchHistory history_;
  std::optional<JournalFeed> journal_;
  std::vector<Probe> probes_;   // of the request being prepared,
  order::Changes kinds_;        // and what it does to the index
  std::uint64_t assigned_;      // the last revision committed
  std::uint64_t published_;     // the last revision that readers see
  std::uint64_t expiring_ = 0;  // keys with an expiry
  std::uint64_t published_expiring_ = 0;
  std::uint64_t expired_ = 0;
  std::uint64_t removed_bytes_ = 0;
  bool open_ = false;
  bool reserved_ = false;  // since the last publish
};

}  // namespace flashkv
