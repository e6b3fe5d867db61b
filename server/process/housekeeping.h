// The thread for signals and timers.
#pragma once

#include <functional>
#include <memory>

namespace flashkv {

// Called first in main(), before any thread exists: SIGTERM, SIGINT and SIGHUP wait for Housekeeping, so that
// none of them ends a process that has half started. SIGUSR1, SIGUSR2 and SIGPIPE (a log that nobody reads)
// are ignored.
void hold_signals();

// Purpose: turns signals into calls: SIGTERM and SIGINT ask for a stop, a second one ends the process at once
//          with exit code 1, SIGHUP asks for a reload.
// Usage:   Housekeeping housekeeping([&] { reload(); });  ...  housekeeping.wait_for_stop();
// Threads: one of its own, which runs `reload`; wait_for_stop() blocks its caller.
class Housekeeping {
 public:
  explicit Housekeeping(std::function<void()> reload);
  ~Housekeeping();
  Housekeeping(const Housekeeping&) = delete;
  Housekeeping& operator=(const Housekeeping&) = delete;

  // Returns at the first SIGTERM or SIGINT, also one that came before this object.
  void wait_for_stop();

 private:
  struct Loop;
  std::unique_ptr<Loop> loop_;
};

}  // namespace flashkv
