// Memory that is unlinked but may still be read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <vector>

#include "storage/reclaim/grace_period.h"

namespace flashkv::reclaim {

// Purpose: keeps what a writer unlinked until a grace period that began afterwards is over, and counts its
//          bytes.
// Usage:   prepare: if (!list.reserve(2)) reject;          // room for 2 more than were promised so far
//          apply:   list.retire(node, &destroy, node->bytes());
//          publish: list.drop_reservations();              // promises lapse
//                   list.begin(periods);                   // optional: begins the period of what was retired
//          open:    list.collect(periods);                 // frees what is over, begins the next period
// Threads: one writer.
// Lifetime: its destructor frees the rest; no reader may be left by then.
// Cost:    24 bytes per entry; only reserve() allocates, nothing waits.
class RetireList {
 public:
  using Free = void (*)(void*) noexcept;

  RetireList() = default;
  RetireList(const RetireList&) = delete;
  RetireList& operator=(const RetireList&) = delete;
  ~RetireList() {
    free_all(waiting_);
    free_all(fresh_);
  }

  // Returns false if there is no memory.
  bool reserve(std::size_t more) noexcept try {
    const std::size_t needed = fresh_.size() + promised_ + more;
    if (needed > fresh_.capacity()) fresh_.reserve(needed < 2 * fresh_.size() ? 2 * fresh_.size() : needed);
    promised_ += more;
    return true;
  } catch (const std::bad_alloc&) {
    return false;
  }
  // Never more than was reserved. `what` is already unlinked; readers that entered before may still hold it.
  void retire(void* what, Free free, std::size_t bytes) noexcept {
    fresh_.push_back({what, free, bytes});
    bytes_ += bytes;
    if (promised_ > 0) --promised_;
  }
  void drop_reservations() noexcept { promised_ = 0; }

  // begin() and collect() are called between batches only. begin() frees nothing; while an earlier period is
  // in progress it does nothing and leaves the rest to the next collect().
  template <PeriodCounter P>
  void begin(P& periods) noexcept {
    if (fresh_.empty() || !waiting_.empty()) return;
    waiting_.swap(fresh_);
    ticket_ = periods.start();
  }
  template <PeriodCounter P>
  void collect(P& periods) noexcept {
    if (!waiting_.empty()) {
      if (!periods.ended(ticket_)) return;
      free_all(waiting_);
    }
    begin(periods);
    if (!waiting_.empty() && periods.ended(ticket_)) free_all(waiting_);
  }

  std::uint64_t bytes() const noexcept { return bytes_; }
  bool empty() const noexcept { return waiting_.empty() && fresh_.empty(); }

 private:
  struct Entry {
    void* what;
    Free free;
    std::size_t bytes;
  };

  void free_all(std::vector<Entry>& entries) noexcept {
    for (const Entry& e : entries) {
      bytes_ -= e.bytes;
      e.free(e.what);
    }
    entries.clear();
  }

  std::vector<Entry> fresh_;    // no period that covers them has begun
  std::vector<Entry> waiting_;  // until ticket_ has ended
  std::size_t promised_ = 0;    // reserved but not used in this batch
  Ticket ticket_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace flashkv::reclaim
