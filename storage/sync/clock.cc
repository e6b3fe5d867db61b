#include "storage/sync/clock.h"

#include <ctime>

namespace flashkv {
namespace {

Nanos read(clockid_t id) noexcept {
  timespec t{};
  clock_gettime(id, &t);
  return static_cast<Nanos>(t.tv_sec) * 1'000'000'000 + t.tv_nsec;
}

class BootClock final : public Clock {
 public:
  BootClock() noexcept : offset_(read(CLOCK_REALTIME) - read(CLOCK_BOOTTIME)) {}
  Nanos now() const noexcept override { return read(CLOCK_BOOTTIME) + offset_; }

 private:
  Nanos offset_;
};

}  // namespace

const Clock& system_clock() noexcept {
  static const BootClock clock;
  return clock;
}

}  // namespace flashkv
