// Requests waiting for a watermark to reach their revision.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>

#include "storage/request/request.h"
#include "storage/request/request_list.h"
#include "storage/sync/clock.h"

namespace flashkv {

// Purpose: holds requests until the state they need exists: mutations to be acknowledged when published, and
//          reads that ask for a revision. One list for each watermark; the writer has one, for the published
//          revision.
// Usage:   list.add(r);   // r.revision is what it waits for; a read waits until r.deadline at most
//          list.release(published, now, [&](Request& r, bool reached) { answer(r); });
// Threads: the writer's.
// Cost:    release(): two comparisons; a walk over all requests only when one can be answered.
// Limits:  as many as the queue admits: each counts against its bounds until it is answered.
class WaitList {
 public:
  void add(Request& r) noexcept {
    lowest_ = std::min(lowest_, r.revision);
    earliest_ = std::min(earliest_, deadline_of(r));
    mutations_ += r.kind == RequestKind::kMutation ? 1 : 0;
    list_.push(r);
  }
  std::uint64_t mutations() const noexcept { return mutations_; }
  std::uint64_t reads() const noexcept { return list_.size() - mutations_; }
  Nanos next_deadline() const noexcept { return earliest_; }

  // Hands over, in the order they were added, those whose revision is at most `watermark` (reached) or whose
  // deadline has passed.
  template <typename Answer>
  void release(std::uint64_t watermark, Nanos now, Answer answer) noexcept {
    if (watermark < lowest_ && now < earliest_) return;
    lowest_ = kNoRevision;
    earliest_ = kNever;
    list_.filter([&](Request& r) noexcept {
      const bool reached = r.revision <= watermark;
      if (reached || deadline_of(r) <= now) {
        mutations_ -= r.kind == RequestKind::kMutation ? 1 : 0;
        answer(r, reached);
        return false;
      }
      lowest_ = std::min(lowest_, r.revision);
      earliest_ = std::min(earliest_, deadline_of(r));
      return true;
    });
  }

 private:
  // A mutation in this list was decided in time; its deadline no longer matters.
  static Nanos deadline_of(const Request& r) noexcept {
    return r.kind == RequestKind::kMutation ? kNever : r.deadline;
  }

  static constexpr std::uint64_t kNoRevision = std::numeric_limits<std::uint64_t>::max();
  RequestList list_;
  std::uint64_t mutations_ = 0;
  std::uint64_t lowest_ = kNoRevision;
  Nanos earliest_ = kNever;
};

}  // namespace flashkv
