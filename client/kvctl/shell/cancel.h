// Ctrl-C in kvctl's shell ends the running command, not the shell.
#pragma once

#include <memory>

namespace flashkv::kvctl {

// Purpose: while it exists, SIGINT sets `interrupted` (interrupt.h) and cancels the calls of the running
//          command, those it has begun and those it begins later. A command with an InterruptScope stops by
//          itself: only a second SIGINT cancels its calls.
// Usage:   Canceller ctrl_c; for each command if (ctrl_c.begin()) { run(); ctrl_c.end(); }
// Threads: one of its own, which cancels; a signal handler must not.
// Limits:  one in the life of a process, made before the first call: gRPC reports its calls to one observer.
class Canceller {
 public:
  Canceller();
  ~Canceller();
  Canceller(const Canceller&) = delete;
  Canceller& operator=(const Canceller&) = delete;

  bool begin();  // before each command; false if SIGINT came since the last one: it is not to run
  void end();    // after it
  // Has a byte to read for each SIGINT while no command runs.
  int idle_fd() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace flashkv::kvctl
