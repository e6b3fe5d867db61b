#include "server/process/idle_heap.h"

#include <mimalloc.h>

#include <array>
#include <cstddef>
#include <mutex>

// kvd is linked with mimalloc, tests and sanitized builds are not.
#pragma weak mi_collect
#pragma weak mi_free
#pragma weak mi_malloc
#pragma weak mi_option_get
#pragma weak mi_option_set

namespace flashkv {

#if MI_MALLOC_VERSION < 210
namespace {

// With blocks of this size from the heap's free spans, the smallest that fits first, 64 MiB are touched: much
// more than messages leave behind.
constexpr std::size_t kTouched = std::size_t{256} << 10;
constexpr std::size_t kTouches = 256;

// A page that is taken from a segment, with the delay over, returns what the segment has freed before.
void touch_free_spans() noexcept {
  std::array<void*, kTouches> blocks;
  for (void*& block : blocks) block = mi_malloc(kTouched);
  for (void* block : blocks) mi_free(block);
}

}  // namespace
#endif

void return_freed_memory() noexcept {
  if (mi_collect == nullptr) return;
#if MI_MALLOC_VERSION < 210
  // A freed page goes back 25 ms later, but only when its thread takes or frees another in the same segment:
  // an idle one does not. With no delay at any time, every large reply would cost system calls. The lock is
  // for the option alone.
  static std::mutex mutex;
  const std::scoped_lock lock(mutex);
  const long delay = mi_option_get(mi_option_decommit_delay);
  mi_option_set(mi_option_decommit_delay, 0);
  mi_collect(true);
  touch_free_spans();
  mi_option_set(mi_option_decommit_delay, delay);
#else
  mi_collect(true);
#endif
}

}  // namespace flashkv
