// Grace periods that end when a test ends them.
#pragma once

#include "storage/reclaim/grace_period.h"

namespace flashkv::test {

// Purpose: GracePeriods whose readers are what the test imagines them to be; a section does nothing.
// Usage:   periods.end(periods.started());   // all that have begun are over
// Threads: one.
class ControlledPeriods {
 public:
  struct Section {
    void lock() noexcept {}
    void unlock() noexcept {}
  };
  Section make_section() noexcept { return {}; }
  reclaim::Ticket start() noexcept { return ++started_; }
  bool ended(reclaim::Ticket ticket) noexcept { return ticket <= over_; }

  reclaim::Ticket started() const noexcept { return started_; }
  void end(reclaim::Ticket ticket) noexcept { over_ = ticket; }

 private:
  reclaim::Ticket started_ = 0;
  reclaim::Ticket over_ = 0;
};
static_assert(reclaim::GracePeriods<ControlledPeriods>);

}  // namespace flashkv::test
