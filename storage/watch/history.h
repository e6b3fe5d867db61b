// The recent changes of the store, for those who watch it.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "storage/reclaim/epoch.h"
#include "storage/watch/event.h"
#include "storage/watch/publish_waits.h"

namespace flashkv {

class HistoryReader;

// Purpose: a bounded, ordered log of events in memory. The writer appends, and readers on other threads copy
//          out what is published; neither waits for the other.
//
//            chunks   | dropped |  kept: oldest ... newest  | staged |
//                      ^freed_   ^first_                ^end_
//
//          A chunk that is dropped can no longer be found; it is freed once the read sections that were open
//          then have been left (H2). Both ends are places: a chunk's number and an index in it.
//
//          A record that a kPut wrote is owned by the table, or it was replaced since and is then the `prev`
//          of a later event, which keeps it. So the history owns the `prev` records alone, and an event of a
//          new key costs 32 bytes.
// Usage:   prepare:  if (!history.reserve(events, bytes)) reject;
//          commit:   history.append({revision, after, base, kind});   // before the table lets go of base
//          publish:  history.publish(revision);  history.waits().take(...);
//          idle:     while (history.collect()) wait;
//          readers:  HistoryReader reader(history);
// Threads: published(), compact_revision(), bytes(), events(), waits() from any; all else from the writer.
// Lifetime: readers are destroyed before it; the records it owns may outlive the table.
// Cost:    append(): a store of 32 bytes and one retain; allocates nothing. reserve(): a page for 127 events.
// Limits:  `max_bytes` of pages and of records that only the history keeps. The oldest chunks are dropped
//          beyond it, but never an event of the batch published last: that stays until the next publish, or
//          until the store has been idle for kIdleCollects calls of collect(). What is dropped and waits for
//          readers counts apart; once it exceeds the bound, has_room() is false.
// Errors:  reserve() alone may fail.
//
// Invariants
// (H1) An event is complete before end_ covers it, and end_ covers whole revisions; end_ is stored before
//      published_, so whoever sees a revision published finds all of its events.
// (H2) first_ is advanced before the period begins after which the chunk is freed. A reader enters its
//      section, then reads first_: it finds the chunk dropped, or the period waits for it.
// (H3) floor_ is stored before first_: whoever finds a chunk dropped also finds the revisions it held below
//      the floor.
class WatchHistory {
 public:
  static constexpr unsigned kIdleCollects = 8;
  // A chunk is sealed early once it keeps this part of max_bytes, so that dropping one frees little at a
  // time.
  static constexpr std::uint64_t kChunksInBound = 16;
  // What is dropped goes back in pieces: so many chunks between batches, and what publish() adds.
  static constexpr std::uint64_t kFreedAtOnce = 64;

  // max_bytes 0: off, nothing is kept. Events begin above `revision`.
  WatchHistory(std::uint64_t max_bytes, std::uint64_t revision);
  WatchHistory(const WatchHistory&) = delete;
  WatchHistory& operator=(const WatchHistory&) = delete;
  ~WatchHistory();

  bool is_on() const noexcept { return max_bytes_ != 0; }

  // Room for this many more events, whose previous records have `bytes` together. Replaces what was reserved
  // before and not used.
  bool reserve(std::size_t events, std::uint64_t bytes) noexcept;
  // Never more than was reserved; revisions do not decrease. Becomes an owner of event.prev.
  void append(const WatchEvent& event) noexcept;
  // Shows what was appended, all of it up to `revision`, and drops the oldest chunks beyond the bound.
  void publish(std::uint64_t revision) noexcept;
  // Between batches: frees what no reader holds. True: another call is worthwhile.
  bool collect() noexcept;
  // False: readers that stay in their sections keep more than the bound; do not append now.
  bool has_room() noexcept;

  std::uint64_t published() const noexcept { return published_.load(std::memory_order_seq_cst); }  // W1
  // The lowest revision whose events are all here, as are those of all later ones.
  std::uint64_t compact_revision() const noexcept { return floor_.load(std::memory_order_acquire); }
  std::uint64_t max_bytes() const noexcept { return max_bytes_; }
  std::uint64_t bytes() const noexcept { return shown_bytes_.load(std::memory_order_relaxed); }
  std::uint64_t events() const noexcept { return shown_events_.load(std::memory_order_relaxed); }
  PublishWaits& waits() noexcept { return waits_; }

 private:
  friend class HistoryReader;
  using Place = std::uint64_t;  // a chunk's number, and an index in it
  static constexpr unsigned kIndexBits = 8;
  static_assert(EventChunk::kEvents < (1U << kIndexBits));
  static constexpr Place place(std::uint64_t chunk, std::uint32_t index) noexcept {
    return chunk << kIndexBits | index;
  }
  static constexpr std::uint64_t chunk_of(Place p) noexcept { return p >> kIndexBits; }
  static constexpr std::uint32_t index_of(Place p) noexcept { return p & ((1U << kIndexBits) - 1); }

  // Where a chunk is found by its number. Replaced by one of twice the size; the earlier ones, together no
  // larger, stay until the end: a reader may be in them.
  struct Directory {
    explicit Directory(std::uint64_t size) : mask(size - 1), chunks(new EventChunk*[size]) {}
    EventChunk*& at(std::uint64_t chunk) noexcept { return chunks[chunk & mask]; }
    const std::uint64_t mask;
    const std::unique_ptr<EventChunk*[]> chunks;
  };

  bool reserve_directory(std::uint64_t more) noexcept;
  void begin_chunk() noexcept;
  EventChunk* chunk(std::uint64_t number) noexcept {
    return directory_.load(std::memory_order_relaxed)->at(number);
  }
  void drop_until(std::uint64_t keep) noexcept;
  void free_dropped(std::uint64_t most) noexcept;
  void give_back(EventChunk* chunk) noexcept;
  void show_sizes() noexcept;

  const std::uint64_t max_bytes_;
  reclaim::Epoch periods_;
  PublishWaits waits_;

  // The writer's. Chunks [freed_, dropped_) wait for readers, [dropped_, next_) are kept.
  std::uint64_t freed_ = 0;
  std::uint64_t dropped_ = 0;
  std::uint64_t next_ = 0;
  std::uint64_t covered_ = 0;  // period_ was begun after this chunk was the first
  reclaim::Ticket period_ = 0;
  EventChunk* newest_ = nullptr;  // takes the next event; null = none begun
  std::uint64_t batch_ = 0;       // the chunk of the first event since the last publish
  std::uint64_t batch_events_ = 0;
  std::uint64_t kept_events_ = 0;
  std::uint64_t kept_bytes_ = 0;
  std::uint64_t dropped_bytes_ = 0;  // of those that wait for readers
  EventChunk* spare_ = nullptr;
  std::uint64_t spares_ = 0;
  unsigned idle_collects_ = 0;
  std::vector<std::unique_ptr<Directory>> directories_;

  std::atomic<Directory*> directory_{nullptr};
  std::atomic<Place> end_{0};             // (H1)
  std::atomic<std::uint64_t> published_;  // (H1)
  std::atomic<std::uint64_t> first_{0};   // dropped_, for readers (H2)
  std::atomic<std::uint64_t> floor_;      // (H3)
  std::atomic<std::uint64_t> shown_bytes_{0};
  std::atomic<std::uint64_t> shown_events_{0};
};

}  // namespace flashkv
