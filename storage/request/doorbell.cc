#include "storage/request/doorbell.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>

namespace flashkv {
namespace {

// A sleeper looks around at least this often, so that a clock of another kind cannot strand it.
constexpr Nanos kLongestSleep = 1'000'000'000;

long futex(std::atomic<std::uint32_t>& word, int operation, std::uint32_t value,
           const timespec* limit) noexcept {
  static_assert(sizeof word == sizeof(std::uint32_t) && std::atomic<std::uint32_t>::is_always_lock_free);
  return syscall(SYS_futex, reinterpret_cast<std::uint32_t*>(&word), operation, value, limit, nullptr, 0);
}

}  // namespace

void Doorbell::sleep(Nanos limit) noexcept {
  limit = std::clamp<Nanos>(limit, 0, kLongestSleep);
  const timespec t{.tv_sec = static_cast<time_t>(limit / 1'000'000'000), .tv_nsec = limit % 1'000'000'000};
  futex(asleep_, FUTEX_WAIT_PRIVATE, 1, &t);
}

void Doorbell::wake() noexcept {
  if (asleep_.exchange(0, std::memory_order_seq_cst) != 0) futex(asleep_, FUTEX_WAKE_PRIVATE, 1, nullptr);
}

}  // namespace flashkv
