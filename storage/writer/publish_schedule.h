// When the next publish is due.
#pragma once

#include <limits>

#include "storage/request/request.h"
#include "storage/sync/clock.h"

namespace flashkv {

// Purpose: turns a PublishPolicy into a time: when an unpublished batch may become visible. It does not know
//          whether there is one; the writer does.
//            interval 0:     at once, after each batch;
//            adaptive:       interval after the last publish, so an idle store publishes at once and a busy
//                            one gathers what arrives in between;
//            not adaptive:   at the next multiple of interval, counted from when the policy was set.
// Usage:   schedule.skip_idle_ticks(now);  ... apply ...;
//          if (schedule.due() <= now) { publish; schedule.published(now); }
// Threads: one.
class PublishSchedule {
 public:
  static constexpr Nanos kAtOnce = std::numeric_limits<Nanos>::min();

  PublishSchedule(const PublishPolicy& policy, Nanos now) noexcept { set(policy, now); }

  // Takes effect with the next due().
  void set(const PublishPolicy& policy, Nanos now) noexcept {
    policy_ = policy;
    tick_ = now + policy.interval;
  }
  const PublishPolicy& policy() const noexcept { return policy_; }

  // Nothing is unpublished at `now`: ticks up to now have passed unused.
  void skip_idle_ticks(Nanos now) noexcept {
    if (policy_.interval <= 0 || tick_ > now) return;
    tick_ += ((now - tick_) / policy_.interval + 1) * policy_.interval;
  }
  void published(Nanos now) noexcept {
    last_ = now;
    skip_idle_ticks(now);
  }
  Nanos due() const noexcept {
    if (policy_.interval <= 0) return kAtOnce;
    if (!policy_.adaptive) return tick_;
    return last_ == kAtOnce ? kAtOnce : last_ + policy_.interval;
  }

 private:
  PublishPolicy policy_;
  Nanos last_ = kAtOnce;  // the last publish; kAtOnce = never
  Nanos tick_ = 0;
};

}  // namespace flashkv
