// The thread for signals and timers.
#pragma once

#include <functional>
#include <memory>

namespace flashkv {

// Call it first in main(), before any thread exists. Blocks SIGTERM, SIGINT and SIGHUP until Housekeeping
// handles them, so that none of them kills a process that is still starting. Ignores SIGUSR1, SIGUSR2 and
// SIGPIPE (which a log without a reader would raise).
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

  // Returns at the first SIGTERM or SIGINT, even one that arrived before this object was made.
  void wait_for_stop();

 private:
  struct Loop;
  std::unique_ptr<Loop> loop_;
};

}  // namespace flashkv
