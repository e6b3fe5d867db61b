// storage/sync/sync.h for programs whose threads relacy schedules: another thread may run at every atomic
// operation, and a load returns any value that its order allows.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <type_traits>

#include <relacy/relacy.hpp>

// relacy redefines these as macros; only its own names are wanted here.
#undef new
#undef delete
#undef malloc
#undef calloc
#undef realloc
#undef free
#undef assert
#undef errno
#undef memory_order_relaxed
#undef memory_order_consume
#undef memory_order_acquire
#undef memory_order_release
#undef memory_order_acq_rel
#undef memory_order_seq_cst

#include "storage/sync/clock.h"

namespace flashkv::sync {

static_assert(rl::atomic_history_size == 8, "the models need the copy that remembers eight stores");

using MemoryOrder = rl::memory_order;
inline constexpr MemoryOrder kRelaxed = rl::mo_relaxed;
inline constexpr MemoryOrder kAcquire = rl::mo_acquire;
inline constexpr MemoryOrder kRelease = rl::mo_release;
inline constexpr MemoryOrder kAcqRel = rl::mo_acq_rel;
inline constexpr MemoryOrder kSeqCst = rl::mo_seq_cst;

// What a test takes away to see whether a model notices.
inline bool wakes_work = true;
inline bool membarrier_works = true;

// How many calls of membarrier() return false before one works, as when the kernel is short of memory.
inline unsigned membarrier_failures = 0;

// One tick for each turn of a polling loop and for each wait that ran out. Only the writer reads it.
inline Nanos ticks = 0;

template <typename T>
class Atomic {
 public:
  Atomic() : Atomic(T{}) {}
  Atomic(T value) : word_(to_word(value)) {}
  T load(MemoryOrder order) const noexcept { return word_.load(order, RL_INFO); }
  void store(T value, MemoryOrder order) noexcept { word_.store(to_word(value), order, RL_INFO); }
  T exchange(T value, MemoryOrder order) noexcept { return rmw<rl::rmw_type_swap>(value, order); }
  bool compare_exchange_weak(T& expected, T value, MemoryOrder order, MemoryOrder failed) noexcept {
    Word seen = to_word(expected);
    const bool exchanged = word_.compare_exchange_weak(seen, to_word(value), order, RL_INFO, failed, RL_INFO);
    expected = seen;
    return exchanged;
  }
  bool compare_exchange_strong(T& expected, T value, MemoryOrder order, MemoryOrder failed) noexcept {
    Word seen = to_word(expected);
    const bool exchanged =
        word_.compare_exchange_strong(seen, to_word(value), order, RL_INFO, failed, RL_INFO);
    expected = seen;
    return exchanged;
  }
  T fetch_add(T value, MemoryOrder order) noexcept { return rmw<rl::rmw_type_add>(value, order); }
  T fetch_sub(T value, MemoryOrder order) noexcept { return rmw<rl::rmw_type_sub>(value, order); }
  T fetch_or(T value, MemoryOrder order) noexcept { return rmw<rl::rmw_type_or>(value, order); }
  T fetch_and(T value, MemoryOrder order) noexcept { return rmw<rl::rmw_type_and>(value, order); }

  // As the kernel does: compares the newest value and sleeps in one step.
  void sleep_while(T expected, bool timed) {
    rl::ctx().sched();
    if (word_.debug_value() != expected) return;
    if (word_.wait(rl::ctx(), timed, true, RL_INFO) == rl::unpark_reason_timeout) ++ticks;
  }
  void wake() {
    rl::ctx().sched();
    if (wakes_work) word_.wake(rl::ctx(), 1, RL_INFO);
  }

 private:
  // relacy can print pointers to non-const only.
  using Word = std::conditional_t<std::is_pointer_v<T>,
                                  std::add_pointer_t<std::remove_const_t<std::remove_pointer_t<T>>>, T>;
  static Word to_word(T value) noexcept {
    if constexpr (std::is_pointer_v<T>) {
      return const_cast<Word>(value);
    } else {
      return value;
    }
  }
  template <rl::rmw_type_e kKind>
  T rmw(T value, MemoryOrder order) noexcept {
    return word_.rmw(rl::rmw_type_t<kKind>(), to_word(value), order, RL_INFO);
  }

  rl::atomic<Word> word_;
};

// An access that no happens-before orders after the last one is a race, and so is one to a destroyed object:
// the destructor stores.
template <typename T>
class Plain {
 public:
  Plain(T value) : value_(value) {}
  ~Plain() { *this = T{}; }
  Plain(const Plain&) = delete;
  Plain& operator=(const Plain&) = delete;
  Plain& operator=(T value) {
    value_(RL_INFO) = value;
    return *this;
  }
  operator T() const { return value_(RL_INFO); }

 private:
  rl::var<T> value_;
};

class Mutex {
 public:
  void lock() { mutex_.lock(RL_INFO); }
  void unlock() { mutex_.unlock(RL_INFO); }

 private:
  rl::mutex mutex_;
};

inline constexpr std::size_t kOwnLine = 128;
inline constexpr unsigned kSpins = 1;

inline void signal_fence() noexcept {}
inline void pause() noexcept { rl::yield(1, RL_INFO); }
inline Nanos now() noexcept { return ticks; }

inline void back_off(unsigned, Nanos) noexcept {
  ++ticks;
  rl::yield(1, RL_INFO);
}

inline void wait_word(Atomic<std::uint32_t>& word, std::uint32_t expected, Nanos left) noexcept {
  word.sleep_while(expected, left != kNever);
}
inline void wake_word(Atomic<std::uint32_t>& word) noexcept { word.wake(); }

inline bool register_membarrier() noexcept { return true; }
inline bool membarrier() noexcept {
  rl::ctx().sched();
  if (membarrier_failures > 0) {
    --membarrier_failures;
    return false;
  }
  if (membarrier_works) rl::systemwide_fence(RL_INFO);
  return true;
}

[[noreturn]] inline void fatal(const char* what) noexcept {
  rl::ctx().fail_test(what, rl::test_result_user_assert_failed, RL_INFO);
  std::abort();
}

}  // namespace flashkv::sync
