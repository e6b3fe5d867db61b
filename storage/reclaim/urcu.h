// Grace periods by liburcu.
#pragma once

#include <urcu/tls-compat.h>
// liburcu's word of a thread has no constructor; declared thread_local, each look at it would ask for one.
#ifdef URCU_TLS_STORAGE_CLASS
#undef URCU_TLS_STORAGE_CLASS
#define URCU_TLS_STORAGE_CLASS __thread
#endif
// The read side alone, in line, without the macros of <urcu.h>.
#include <urcu/static/urcu-memb.h>

#include <memory>

#include "storage/reclaim/grace_period.h"

namespace flashkv::reclaim {

// Purpose: GracePeriods over liburcu's memb flavour, whose readers run no locked instruction.
// Threads: as GracePeriods; a thread is registered with liburcu at its first lock() and leaves with its end.
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
  // Waits for the period that is under way.
  ~Urcu();

  Section make_section() { return {}; }
  Ticket start() noexcept;
  bool ended(Ticket ticket) noexcept;

 private:
  struct Period;
  static void register_thread();
  // Beside the registration itself, because a look at an object with a constructor is a call.
  static inline constinit thread_local bool registered = false;

  std::unique_ptr<Period> period_;
};

}  // namespace flashkv::reclaim
