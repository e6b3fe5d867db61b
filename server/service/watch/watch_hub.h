// The watches of one request thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <unordered_set>
#include <vector>

#include "flashkv/v1/kv.pb.h"
#include "server/service/pending_call.h"
#include "server/service/watch/watch.h"
#include "server/service/watch/watch_counts.h"
#include "server/service/watch/watch_index.h"
#include "storage/watch/history_reader.h"

namespace flashkv {

// Purpose: reads new events from the history once for all synced watches of its thread, and lets those that
//          are behind read on by themselves, a slice at a time. A watch falls behind when it starts in the
//          past, or when its stream's replies wait to be sent: what it has not read stays in the history.
//
//            publish -> PublishWaits -> resume() -> pump():  synced: history -> index -> Watch::ready
//                                                            behind: history -> range -> Watch::ready
//                                                            flush:  Watch::ready -> WatchStream
// Usage:   hub.start(watch, revision);  hub.stop(watch);  hub.room(stream);      // by a stream
// Threads: its session's.
// Lifetime: the streams leave before it does; the store and the sink outlive it. A request that the writer
//          has handed over still arrives: the thread runs until the store has stopped.
// Cost:    a wake-up a publish at most; an event is serialized once for all synced watches that want it.
// Limits:  a pump reads kRound events for the synced, and a slice for kCatchUps of the others; then the
//          thread's other calls have their turn. A slice is kSlice events or kSliceBytes of replies.
class WatchHub final : public Continuation {
 public:
  static constexpr std::size_t kSlice = 512;
  static constexpr std::size_t kSliceBytes = std::size_t{256} << 10;
  static constexpr std::size_t kRound = 4 * kSlice;
  static constexpr int kCatchUps = 32;

  WatchHub(WatchHistory& history, WatchCounts& counts, CompletionSink& sink);
  WatchHub(const WatchHub&) = delete;
  WatchHub& operator=(const WatchHub&) = delete;
  ~WatchHub();

  // False: too many threads wait for publishes.
  bool works() const noexcept { return place_ != nullptr; }
  WatchCounts& counts() noexcept { return counts_; }
  WatchHistory& history() noexcept { return reader_.history(); }

  // Begins to feed the watch from `from` on, or from now where that is 0; false: compacted.
  bool start(Watch& watch, std::uint64_t from);
  // The watch gets nothing more.
  void stop(Watch& watch);
  // The stream has watches that are behind, and room for their replies.
  void room(WatchStream& stream);
  // Calls go_on() once the synced watches have read on.
  void ask(WatchStream& stream);
  void leave(WatchStream& stream);

  // Synced watches have sent everything up to this revision, but for what waits in Watch::ready.
  std::uint64_t read_up_to();
  void buffered(std::ptrdiff_t bytes) noexcept {
    numbers_.buffered_bytes += static_cast<std::uint64_t>(bytes);
  }

  void resume(PendingCall& done) override;

 private:
  // Where call_ is: here, at the history to be handed back by the next publish, or on its way to resume().
  enum class CallIs : std::uint8_t { kHere, kArmed, kOnItsWay };

  void pump();
  void schedule();
  void arm();
  void show();
  void show_counts();

  // The synced watches.
  void read_synced();
  void offer(Watch& watch, const WatchEvent& event);
  void fall_behind(Watch& watch);
  void take_back(Watch& watch);
  void settle_fallen();
  void flush_touched();
  // The others.
  void read_behind(Watch& watch);
  ReadEnd read_revisions(Watch& watch);
  void start_over(Watch& watch);
  void queue_behind(Watch& watch);

  void take(Watch& watch, const WatchEvent& event);
  // Of what is ready, sends whole revisions, all of them up to `read`. False: the watch was canceled.
  bool flush(Watch& watch, std::uint64_t read);
  const std::string& serialized(const WatchEvent& event, bool with_prev);

  HistoryReader reader_;
  WatchCounts& counts_;
  WatchCounts::Shown* const shown_;
  WatchNumbers numbers_;
  PendingCall call_;
  CallIs call_is_ = CallIs::kHere;
  PublishWaits::Place* place_;

  WatchIndex index_;
  HistoryCursor cursor_;         // of the synced watches
  std::vector<Watch*> touched_;  // have something ready
  std::vector<Watch*> fallen_;   // in the index, but no longer synced
  std::deque<WatchStream*> runnable_;
  std::unordered_set<WatchStream*> lagging_;  // have watches that are behind
  std::unordered_set<WatchStream*> asking_;
  std::size_t slice_bytes_ = 0;

  // The event being offered, as a field of WatchResponse, made on first use.
  v1::Event message_;
  std::string plain_, with_prev_;
};

}  // namespace flashkv
