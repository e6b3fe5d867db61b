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
// Usage:   if (trimmer.behind()) take kMostAStep bytes of requests at most, or one request;
//          trimmer.step(now, taken);  next = std::min(next, trimmer.due());
// Threads: the writer's. What waits is the whole process's: several writers give back each other's.
// Cost:    one load while nothing waits.
// Limits:  a step gives back large_block::kPiece, or as much as it has taken where that is more, up to
//          kMostAStep. Once more than large_block::kMostWaiting waits, it is kMostAStep and no less than
//          what the step took, which behind() bounds: so what waits exceeds kMostWaiting by what one publish
//          freed, and does not grow with the number of writes.
class Trimmer {
 public:
  static constexpr Nanos kKeep = 1'000 * kNanosPerMilli;
  // 1.2 ms of the writer's time.
  static constexpr std::size_t kMostAStep = 8 * large_block::kPiece;
  // How often to look, a kKeep apart, for what a request thread frees late.
  static constexpr int kLateLooks = 60;

  // Once a step's answers have left. `taken`: the bytes of the requests that it applied.
  void step(Nanos now, std::uint64_t taken) noexcept {
    due_ = kNever;
    // A large record that was not stored, or that was copied for an answer, is freed by a request thread,
    // once it has the answer and has time: look again later.
    const bool took_large = taken >= large_block::kLeast;
    if (took_large) looks_ = kLateLooks;
    if (large_block::waiting() == 0 && looks_ == 0) return;
    if (const std::uint64_t uses = large_block::uses(); took_large || uses != uses_) {
      uses_ = uses;
      spares_go_at_ = now + kKeep;
    }
    const bool all = now >= spares_go_at_;
    const bool more = large_block::trim(all ? 0 : large_block::kSpareBytes, most_for(taken));
    behind_ = large_block::waiting() > large_block::kMostWaiting;
    if (more) {
      due_ = now;
    } else if (!all) {
      due_ = spares_go_at_;
    } else if (large_block::waiting() != 0 || looks_ != 0) {
      // The other case: a block was being released just now.
      spares_go_at_ = due_ = now + kKeep;
      looks_ -= looks_ != 0 ? 1 : 0;
    }
  }
  // More waits than may.
  bool behind() const noexcept { return behind_; }
  // When the next step has something to give back.
  Nanos due() const noexcept { return due_; }

 private:
  std::size_t most_for(std::uint64_t taken) const noexcept {
    if (behind_) return std::max<std::size_t>(kMostAStep, taken);
    return std::clamp<std::size_t>(taken, large_block::kPiece, kMostAStep);
  }

  bool behind_ = false;
  int looks_ = 0;  // left
  Nanos due_ = kNever;
  Nanos spares_go_at_ = 0;
  std::uint64_t uses_ = 0;  // seen so far
};

}  // namespace flashkv
