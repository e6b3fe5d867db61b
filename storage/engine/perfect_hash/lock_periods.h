// Grace periods from a deletion lock of two slots.
#pragma once

#include "storage/reclaim/deletion_lock.h"
#include "storage/reclaim/grace_period.h"

namespace flashkv::perfect_hash {

// Purpose: a PeriodCounter for everything that readers reach while they are inside one lock. A period ends
//          when the slot that was current at its start is drained; the next one can begin only then, so all
//          that ask in the meantime join it.
// Threads: lock().enter() and leave() from any; all else from one writer.
template <typename Orders = reclaim::DeletionLockOrders>
class LockPeriods {
 public:
  using Lock = reclaim::DeletionLock<2, Orders>;

  Lock& lock() noexcept { return lock_; }

  reclaim::Ticket start() noexcept {
    look();
    if (ended_ < begun_) return wanted_ = begun_ + 1;
    begin();
    return wanted_ = begun_;
  }
  bool ended(reclaim::Ticket ticket) noexcept {
    look();
    return ticket <= ended_;
  }

 private:
  void begin() noexcept {
    lock_.advance();
    ++begun_;
  }
  void look() noexcept {
    if (ended_ < begun_ && lock_.drained(lock_.next())) ended_ = begun_;
    if (ended_ < begun_ || wanted_ <= begun_) return;
    begin();
    if (lock_.drained(lock_.next())) ended_ = begun_;
  }

  Lock lock_;
  reclaim::Ticket begun_ = 0;
  reclaim::Ticket ended_ = 0;
  reclaim::Ticket wanted_ = 0;
};

}  // namespace flashkv::perfect_hash
