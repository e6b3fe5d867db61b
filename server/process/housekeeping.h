// The thread for signals and timers.
#pragma once

#include <functional>
#include <memory>

namespace flashkv {

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

  void wait_for_stop();

 private:
  struct Loop;
  std::unique_ptr<Loop> loop_;
};

}  // namespace flashkv
