// The one time base of the store.
#pragma once

#include <cstdint>
#include <limits>

namespace flashkv {

// Nanoseconds since the Unix epoch on a clock that never steps back.
using Nanos = std::int64_t;
inline constexpr Nanos kNever = std::numeric_limits<Nanos>::max();
inline constexpr Nanos kNanosPerMilli = 1'000'000;
inline constexpr Nanos kNanosPerMicro = 1'000;

// Purpose: where expiry, deadlines and the publish interval take their time from; a test gives its own.
// Threads: now() from any thread.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Nanos now() const noexcept = 0;
  std::int64_t now_ms() const noexcept { return now() / kNanosPerMilli; }
};

// Boot time (it counts suspended time too) plus the wall clock's offset, read once at the first call; a
// later change of the wall clock is not followed, so that expiries and deadlines never jump.
const Clock& system_clock() noexcept;

}  // namespace flashkv
