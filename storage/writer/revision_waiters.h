// Requests that wait for a revision to be published.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>

#include "storage/request/request.h"
#include "storage/request/request_list.h"
#include "storage/sync/clock.h"

namespace flashkv {

// Purpose: holds kWaitRevision requests until their revision is published or their deadline has passed.
// Usage:   waiting.add(r);  waiting.settle(published, now, [&](Request& r, bool reached) { answer(r); });
// Threads: the writer's.
// Cost:    settle() costs two comparisons unless one of them can be answered, then a walk over all.
// Limits:  RequestQueue::kControlLimit of them; each waits kMaxWait at most.
class RevisionWaiters {
 public:
  static constexpr Nanos kMaxWait = 30'000'000'000;

  void add(Request& r, Nanos now) noexcept {
    r.deadline = std::min(r.deadline, now + kMaxWait);
    lowest_ = std::min(lowest_, r.revision);
    earliest_ = std::min(earliest_, r.deadline);
    list_.push(r);
  }
  std::size_t size() const noexcept { return list_.size(); }
  Nanos next_deadline() const noexcept { return earliest_; }

  template <typename Answer>
  void settle(std::uint64_t published, Nanos now, Answer answer) noexcept {
    if (published < lowest_ && now < earliest_) return;
    lowest_ = kNoRevision;
    earliest_ = kNever;
    list_.filter([&](Request& r) noexcept {
      const bool reached = r.revision <= published;
      if (reached || r.deadline <= now) {
        answer(r, reached);
        return false;
      }
      lowest_ = std::min(lowest_, r.revision);
      earliest_ = std::min(earliest_, r.deadline);
      return true;
    });
  }

 private:
  static constexpr std::uint64_t kNoRevision = std::numeric_limits<std::uint64_t>::max();
  RequestList list_;
  std::uint64_t lowest_ = kNoRevision;
  Nanos earliest_ = kNever;
};

}  // namespace flashkv
