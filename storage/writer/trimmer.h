// When the memory of large records that were freed goes back to the system.
#pragma once

#include <algorithm>
#include <cstdint>

#include "storage/record/large_block.h"
#include "storage/sync/clock.h"

namespace flashkv {

// Purpose: gives back what waits in large_block, a piece a step, so that no batch is held up for longer than
//          a piece takes. large_block::kSpareBytes of it stay for the next records, and go once none has come
//          or gone for kKeep.
// Usage:   trimmer.step(now, taken);  next = std::min(next, trimmer.due());
// Threads: the writer's. What waits is the whole process's: several writers give back each other's.
// Cost:    one load while nothing waits.
// Limits:  a step gives back large_block::kPiece, or as much as it has taken where that is more: what waits
//          does not grow with the number of writes.
class Trimmer {
 public:
  static constexpr Nanos kKeep = 1'000 * kNanosPerMilli;

  // Once a step's answers have left. `taken`: the bytes of the requests that it applied.
  void step(Nanos now, std::uint64_t taken) noexcept {
    due_ = kNever;
    // A large record that was not stored is freed by the thread that made it, once it has the answer: look
    // again later.
    const bool took_large = taken >= large_block::kLeast;
    if (large_block::waiting() == 0 && !took_large) return;
    if (const std::uint64_t uses = large_block::uses(); took_large || uses != uses_) {
      uses_ = uses;
      spares_go_at_ = now + kKeep;
    }
    const bool all = now >= spares_go_at_;
    const std::size_t most = std::max<std::size_t>(large_block::kPiece, taken);
    if (large_block::trim(all ? 0 : large_block::kSpareBytes, most)) {
      due_ = now;
    } else if (!all) {
      due_ = spares_go_at_;
    }
  }
  // When the next step has something to give back.
  Nanos due() const noexcept { return due_; }

 private:
  Nanos due_ = kNever;
  Nanos spares_go_at_ = 0;
  std::uint64_t uses_ = 0;  // seen so far
};

}  // namespace flashkv
