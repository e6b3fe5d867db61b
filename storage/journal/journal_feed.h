// The writer's end of the journal.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "storage/journal/journal_pump.h"
#include "storage/journal/journal_queue.h"

namespace flashkv {

// Purpose: collects what the writer commits and hands it to the journal's thread with each publish. While all
//          batches are on their way the current one grows, so a slow disk gets fewer and larger batches.
// Usage:   prepare:  if (!feed.has_room()) refuse;  if (!feed.reserve(changes)) out of memory;
//          commit:   feed.append(record, removed);
//          publish:  feed.publish(revision);
//          step:     feed.collect();   // lets go of what is written, and hands over what had to wait
// Threads: the writer's; bytes() from any.
// Lifetime: the pump outlives it and is no longer stepped when the feed goes, which releases what it holds.
// Cost:    append(): 16 bytes and one retain; allocates nothing. collect(): kReleasedAtOnce records, and two
//          for each that was appended since the last call, so that a large batch goes in pieces.
// Limits:  `max_bytes` of records and entries that are not written yet; has_room() is false beyond it. A
//          request that was let in may exceed it by its own size.
// Errors:  reserve() alone may fail, for want of memory.
class JournalFeed {
 public:
  static constexpr std::size_t kReleasedAtOnce = 1'024;

  JournalFeed(JournalPump& pump, std::uint64_t max_bytes) noexcept : pump_(pump), max_bytes_(max_bytes) {}
  JournalFeed(const JournalFeed&) = delete;
  JournalFeed& operator=(const JournalFeed&) = delete;
  ~JournalFeed();

  JournalPump& pump() noexcept { return pump_; }
  const JournalPump& pump() const noexcept { return pump_; }
  bool has_room() const noexcept { return bytes_ < max_bytes_; }
  bool reserve(std::size_t changes) noexcept;
  // Never more than was reserved. Becomes an owner of the record.
  void append(Record& record, bool removed) noexcept;
  void publish(std::uint64_t revision) noexcept;
  // True: another call is worthwhile at once.
  bool collect() noexcept;

  // Whether what is published waits until a batch comes back.
  bool waits() const noexcept { return waits_ != 0; }

  std::uint64_t bytes() const noexcept { return shown_bytes_.load(std::memory_order_relaxed); }
  std::uint64_t max_bytes() const noexcept { return max_bytes_; }

 private:
  // Counted with the record: a batch of tiny ones is mostly entries.
  static constexpr std::uint64_t kEntryBytes = sizeof(JournalEntry);
  // A batch with room for more gives it back once it is written.
  static constexpr std::size_t kKeptEntries = 16'384;

  JournalQueue& queue() noexcept { return pump_.queue(); }
  void hand_over() noexcept;
  std::size_t release(JournalBatch& batch, std::size_t most) noexcept;
  void show() noexcept { shown_bytes_.store(bytes_, std::memory_order_relaxed); }

  JournalPump& pump_;
  const std::uint64_t max_bytes_;
  std::uint64_t bytes_ = 0;
  std::uint64_t waits_ = 0;   // the revision of what is published and not handed over; 0 = there is none
  std::size_t appended_ = 0;  // since the last collect()
  JournalBatch* written_ = nullptr;  // being released
  std::size_t released_ = 0;         // of its entries
  std::atomic<std::uint64_t> shown_bytes_{0};
};

}  // namespace flashkv
