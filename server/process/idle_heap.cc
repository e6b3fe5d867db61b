#include "server/process/idle_heap.h"

#include <mimalloc.h>

#include <mutex>

// kvd is linked with mimalloc, tests and sanitized builds are not.
#pragma weak mi_collect
#pragma weak mi_option_get
#pragma weak mi_option_set

namespace flashkv {

void return_freed_memory() noexcept {
  if (mi_collect == nullptr) return;
#if MI_MALLOC_VERSION < 210
  // A freed page goes back 25 ms later, but only when its thread frees another: an idle one does not. With no
  // delay at any time, every large reply would cost system calls. The lock is for the option alone.
  static std::mutex mutex;
  const std::scoped_lock lock(mutex);
  const long delay = mi_option_get(mi_option_decommit_delay);
  mi_option_set(mi_option_decommit_delay, 0);
  mi_collect(false);
  mi_option_set(mi_option_decommit_delay, delay);
#else
  mi_collect(false);
#endif
}

}  // namespace flashkv
