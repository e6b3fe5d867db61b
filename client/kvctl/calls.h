// Every call of the process that is in progress, so that they can be canceled together.
#pragma once

#include <thread>

namespace flashkv::kvctl {

// From now on; before the first call. Calls that have begun earlier are not known.
void track_calls();
// Calls may begin: those of the command of this number, which the shell counts.
void allow_calls(char command);
// Cancels those in progress, and each that begins before calls are allowed again.
void cancel_calls();
// The same command goes on to make calls.
void allow_calls();
// The same, unless another command runs by now.
void cancel_calls_of(char command);

// Purpose: while it exists, `interrupted` (interrupt.h) cancels the calls of all threads.
// Usage:   const InterruptScope ctrl_c; const CancelOnInterrupt cancel; client.get("color");
// Threads: one of its own, which looks ten times a second.
class CancelOnInterrupt {
 public:
  CancelOnInterrupt();
  ~CancelOnInterrupt();
  CancelOnInterrupt(const CancelOnInterrupt&) = delete;
  CancelOnInterrupt& operator=(const CancelOnInterrupt&) = delete;

 private:
  std::jthread thread_;
};

}  // namespace flashkv::kvctl
