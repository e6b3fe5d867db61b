// Ctrl-C as a request to stop: the first one is noticed by the work, the second ends the program.
#pragma once

#include <csignal>

namespace flashkv::kvctl {

inline volatile std::sig_atomic_t interrupted = 0;

// Until it goes out of scope, SIGINT and SIGTERM set `interrupted` once and then act as usual.
class InterruptScope {
 public:
  InterruptScope() {
    struct sigaction action = {};
    action.sa_handler = [](int) { interrupted = 1; };
    action.sa_flags = SA_RESETHAND;
    sigaction(SIGINT, &action, &before_int_);
    sigaction(SIGTERM, &action, &before_term_);
  }
  ~InterruptScope() {
    sigaction(SIGINT, &before_int_, nullptr);
    sigaction(SIGTERM, &before_term_, nullptr);
  }
  InterruptScope(const InterruptScope&) = delete;
  InterruptScope& operator=(const InterruptScope&) = delete;

 private:
  struct sigaction before_int_ = {}, before_term_ = {};
};

}  // namespace flashkv::kvctl
