// Grace periods from liburcu.
#pragma once

#include <urcu/tls-compat.h>
// liburcu's per-thread word has no constructor; declared thread_local, every access would check for one.
#ifdef URCU_TLS_STORAGE_CLASS
#undef URCU_TLS_STORAGE_CLASS
#define URCU_TLS_STORAGE_CLASS __thread
#endif
// Only the read side, inline, without the macros of <urcu.h>.
#include <urcu/static/urcu-memb.h>

#include <memory>

#include "storage/reclaim/grace_period.h"

namespace flashkv::reclaim {

// Purpose: GracePeriods over liburcu's memb flavour, whose readers execute no locked instruction.
// Threads: as GracePeriods; a thread is registered with liburcu from its first lock() until it exits.
// Cost:    lock() and unlock(): a few plain loads and stores of the thread's own line, 3 ns together. A
//          period takes some 10 ms: liburcu's own thread gathers callbacks before it waits for readers.
// Source:  https://liburcu.org
class Urcu {
 public:
  class Section {
   public:
    void lock() noexcept {
      if (!registered) [[unlikely]]
        register_thread();
      _urcu_memb_read_lock();
    }
    void unlock() noexcept { _urcu_memb_read_unlock(); }
  };

  Urcu();
  Urcu(const Urcu&) = delete;
  Urcu& operator=(const Urcu&) = delete;
  // Waits for the period in progress.
  ~Urcu();

  Section make_section() { return {}; }
  Ticket start() noexcept;
  bool ended(Ticket ticket) noexcept;

 private:
  struct Period;
  static void register_thread();
  // Separate from the registration, because every access to a thread_local with a constructor is a call.
  static inline constinit thread_local bool registered = false;

  std::unique_ptr<Period> period_;
};

}  // namespace flashkv::reclaim
