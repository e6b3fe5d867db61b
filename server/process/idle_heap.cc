#include "server/process/idle_heap.h"

// Weak: kvd is linked with mimalloc, tests and sanitized builds are not.
extern "C" [[gnu::weak]] void mi_collect(bool force) noexcept;

namespace flashkv {

void return_freed_memory() noexcept {
  if (mi_collect != nullptr) mi_collect(false);
}

}  // namespace flashkv
