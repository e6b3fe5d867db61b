// The batches between the writer and the journal's thread.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "storage/journal/batch.h"

namespace flashkv {

// Purpose: a ring of batches. The writer fills one, hands it over, and gets it back once it is written;
//          neither side waits for the other.
//
//            batches   | taken back |  written  |  handed over  | being filled |
//                                    ^taken_     ^written_       ^handed_
//
// Usage:   writer:   queue.filling().entries.push_back(...);  if (queue.has_free()) queue.hand_over();
//                    while (JournalBatch* b = queue.written_batch()) release(*b), queue.take_back();
//          journal:  while (const JournalBatch* b = queue.next(i)) ...;  queue.written(i);
// Threads: two, each with the calls named above; handed() and done() from any.
// Limits:  kBatches. While all are on their way, the writer goes on filling the one it has.
class JournalQueue {
 public:
  static constexpr std::size_t kBatches = 8;

  // The writer's.
  JournalBatch& filling() noexcept { return at(handed()); }
  bool has_free() const noexcept { return handed() + 1 - taken_ < kBatches; }
  void hand_over() noexcept { handed_.store(handed() + 1, std::memory_order_seq_cst); }  // a Doorbell's W1
  // The oldest that is written and was not taken back; null = none.
  JournalBatch* written_batch() noexcept {
    return taken_ == written_.load(std::memory_order_acquire) ? nullptr : &at(taken_);
  }
  void take_back() noexcept { ++taken_; }

  // The journal's. The first after `ahead` others that are not written; null = none.
  const JournalBatch* next(std::uint64_t ahead) noexcept {
    const std::uint64_t number = written_.load(std::memory_order_relaxed) + ahead;
    return number == handed_.load(std::memory_order_seq_cst) ? nullptr : &at(number);
  }
  void written(std::uint64_t batches) noexcept {
    written_.store(written_.load(std::memory_order_relaxed) + batches, std::memory_order_release);
  }

 private:
  std::uint64_t handed() const noexcept { return handed_.load(std::memory_order_relaxed); }
  JournalBatch& at(std::uint64_t number) noexcept { return batches_[number % kBatches]; }

  std::array<JournalBatch, kBatches> batches_;
  std::uint64_t taken_ = 0;
  alignas(64) std::atomic<std::uint64_t> handed_{0};
  alignas(64) std::atomic<std::uint64_t> written_{0};
};

}  // namespace flashkv
