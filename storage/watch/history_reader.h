// One thread's way into the history.
#pragma once

#include <algorithm>
#include <cstdint>
#include <mutex>

#include "storage/watch/history.h"

namespace flashkv {

// How far somebody has read. Plain data: it holds nothing in the history.
struct HistoryCursor {
  std::uint64_t place = 0;     // the next event
  std::uint64_t revision = 0;  // every event up to this revision has been read

  bool has_reached(const HistoryCursor& other) const noexcept { return place >= other.place; }
};

enum class ReadEnd : std::uint8_t {
  kReached,    // nothing more is published, or `upto` is reached
  kStopped,    // by `visit`, or after `most` events
  kCompacted,  // events that the cursor had still to read are gone
};

// Purpose: reads published events in order, a slice at a time.
// Usage:   HistoryReader reader(store.history());  HistoryCursor at = reader.now();
//          reader.read(at, 512, [&](const WatchEvent& e) { copy(e); return true; });
// Threads: one.
// Lifetime: destroyed before the history; an event's records end with the visit.
// Cost:    read(): one read-modify-write of the thread's own line, and what `visit` does. While a read is
//          under way the writer frees no events, so a visit copies and returns, and a slice is short.
// Errors:  the constructor throws std::bad_alloc.
class HistoryReader {
 public:
  explicit HistoryReader(WatchHistory& history)
      : history_(history), section_(history.periods_.make_section()) {}

  WatchHistory& history() noexcept { return history_; }
  // Behind everything published so far. A publish that is under way may be read from there once more:
  // whoever begins now leaves out events up to the cursor's revision.
  HistoryCursor now() noexcept;
  // In front of the first event of `revision` or later; false: compacted. If it is not published yet, the
  // same as now().
  bool seek(std::uint64_t revision, HistoryCursor& to) noexcept;

  // visit(event) is called for at most `most` events before `upto`; false = stop, the event was not taken.
  template <typename Visit>
  ReadEnd read(HistoryCursor& at, std::size_t most, Visit visit, const HistoryCursor* upto = nullptr) {
    const std::lock_guard lock(section_);
    const Window w = enter(at);
    if (w.compacted) return ReadEnd::kCompacted;
    const std::uint64_t end = upto == nullptr ? w.end : std::min(w.end, upto->place);
    for (std::uint64_t last = at.revision; true; --most) {
      const WatchEvent* const event = next(w, at.place, end);
      if (event == nullptr) {
        // `upto` may be inside a revision; what is published ends with one.
        at.revision = upto == nullptr ? std::max(last, w.published)
                                      : std::max(at.revision, std::min(w.published, upto->revision));
        return ReadEnd::kReached;
      }
      if (event->revision > last) at.revision = event->revision - 1;
      if (most == 0 || !visit(*event)) return ReadEnd::kStopped;
      last = event->revision;
      ++at.place;
    }
  }

 private:
  struct Window {
    WatchHistory::Directory* directory = nullptr;
    std::uint64_t published = 0;
    std::uint64_t end = 0;
    std::uint64_t first = 0;
    bool compacted = false;
  };
  // Only in the section. Moves `at` behind what was dropped, if it has read that.
  Window enter(HistoryCursor& at) noexcept;
  Window look() noexcept;
  // The event at `place`, moved on to the next chunk where one ends; null = the end.
  static const WatchEvent* next(const Window& w, std::uint64_t& place, std::uint64_t end) noexcept;

  WatchHistory& history_;
  reclaim::Epoch::Section section_;
};

}  // namespace flashkv
