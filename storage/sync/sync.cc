#include "storage/sync/sync.h"

#include <linux/futex.h>
#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>

namespace flashkv::sync {
namespace {

constexpr Nanos kNanosPerSecond = 1'000'000'000;
constexpr Nanos kShortestSleep = 2 * kNanosPerMicro;
constexpr Nanos kLongestSleep = 64 * kNanosPerMicro;

timespec to_timespec(Nanos nanos) noexcept {
  return {static_cast<time_t>(nanos / kNanosPerSecond), static_cast<long>(nanos % kNanosPerSecond)};
}

bool kernel_registers_membarrier() noexcept {
#if defined(__SANITIZE_THREAD__)
  return false;
#else
  return ::syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0;
#endif
}

}  // namespace

Nanos now() noexcept {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return Nanos{time.tv_sec} * kNanosPerSecond + time.tv_nsec;
}

void back_off(unsigned look, Nanos left) noexcept {
  if (look < kSpins) {
    pause();
    return;
  }
  const Nanos longer = kShortestSleep << std::min(look - kSpins, 5U);
  const timespec time = to_timespec(std::min({longer, kLongestSleep, left}));
  ::nanosleep(&time, nullptr);
}

void wait_word(Atomic<std::uint32_t>& word, std::uint32_t expected, Nanos left) noexcept {
  static_assert(sizeof(word) == sizeof(std::uint32_t) && Atomic<std::uint32_t>::is_always_lock_free);
  const timespec time = to_timespec(left);
  ::syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, expected, left == kNever ? nullptr : &time, nullptr, 0);
}

void wake_word(Atomic<std::uint32_t>& word) noexcept {
  ::syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
}

bool register_membarrier() noexcept {
  static const bool registered = kernel_registers_membarrier();
  return registered;
}

bool membarrier() noexcept {
  if (::syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0) == 0) return true;
  // The kernel allocates the set of processors it interrupts.
  if (errno == ENOMEM) return false;
  fatal("membarrier was registered and now fails");
}

void fatal(const char* what) noexcept {
  std::fprintf(stderr, "flashkv: %s\n", what);
  std::abort();
}

}  // namespace flashkv::sync
