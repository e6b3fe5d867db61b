// Prefetches the memory of keys shortly before they are needed.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>

#include "storage/apply/staged_state.h"
#include "storage/request/request.h"

namespace flashkv {

// Purpose: walks the list of requests ahead of the operation being decided, so that the cache misses of many
//          keys overlap.
// Usage:   prefetcher.start(staged, first);  for each operation: decide(op), prefetcher.passed(1);
// Threads: the writer's.
// Lifetime: walks Request::next; a request may leave the list once all of its operations have been passed.
// Cost:    one virtual call for kGroup keys.
class Prefetcher {
 public:
  static constexpr std::size_t kGroup = 32;
  // Far enough for the misses of one group to complete while another is being decided.
  static constexpr std::size_t kDistance = 2 * kGroup;

  void start(StagedState& staged, const Request* first) noexcept {
    staged_ = &staged;
    request_ = first;
    op_ = 0;
    ahead_ = 0;
    skip_finished();
    refill();
  }
  void passed(std::size_t ops) noexcept {
    while (ops > 0 && ahead_ > 0) {
      const std::size_t n = std::min(ops, ahead_);
      ahead_ -= n;
      ops -= n;
      if (ahead_ <= kDistance - kGroup) refill();
    }
  }

 private:
  void refill() noexcept {
    while (request_ != nullptr && ahead_ + kGroup <= kDistance) {
      std::array<Probe, kGroup> group;
      std::size_t n = 0;
      while (request_ != nullptr && n < kGroup) {
        const Op& op = request_->ops[op_++];
        group[n++] = Probe{op.key, op.hash};
        skip_finished();
      }
      staged_->prefetch(std::span<const Probe>(group.data(), n));
      ahead_ += n;
    }
  }
  void skip_finished() noexcept {
    while (request_ != nullptr && op_ >= request_->ops.size()) {
      request_ = request_->next;
      op_ = 0;
    }
  }

  StagedState* staged_ = nullptr;
  const Request* request_ = nullptr;  // null = the end of the list
  std::size_t op_ = 0;
  std::size_t ahead_ = 0;  // operations prefetched and not passed yet
};

}  // namespace flashkv
