// Ctrl-C: the first asks the command to stop, the second kills the program.
#pragma once

#include <csignal>

namespace flashkv::kvctl {

inline volatile std::sig_atomic_t interrupted = 0;
// In kvctl's shell, which handles SIGINT itself (shell/cancel.h).
inline bool shell_takes_interrupts = false;
inline volatile std::sig_atomic_t command_stops_itself = 0;  // the running command has an InterruptScope

// Purpose: while it exists, the first SIGINT or SIGTERM sets `interrupted`; a second one acts as usual. In
//          kvctl's shell, the shell's handler sets it instead.
// Usage:   const InterruptScope ctrl_c; while (interrupted == 0) work();
// Threads: one scope at a time; signal dispositions belong to the process.
class InterruptScope {
 public:
  InterruptScope() {
    command_stops_itself = 1;
    if (shell_takes_interrupts) return;
    struct sigaction action = {};
    action.sa_handler = [](int) { interrupted = 1; };
    action.sa_flags = SA_RESETHAND;
    sigaction(SIGINT, &action, &before_int_);
    sigaction(SIGTERM, &action, &before_term_);
  }
  ~InterruptScope() {
    command_stops_itself = 0;
    if (shell_takes_interrupts) return;
    sigaction(SIGINT, &before_int_, nullptr);
    sigaction(SIGTERM, &before_term_, nullptr);
  }
  InterruptScope(const InterruptScope&) = delete;
  InterruptScope& operator=(const InterruptScope&) = delete;

 private:
  struct sigaction before_int_ = {}, before_term_ = {};
};

}  // namespace flashkv::kvctl
