#include "tests/bench/engines/allocator.h"

#ifdef FLASHKV_BENCH_JEMALLOC
#include <jemalloc/jemalloc.h>
#else
#include <malloc.h>
#endif

namespace flashkv::bench {

#ifdef FLASHKV_BENCH_JEMALLOC
const char* allocator_name() { return "jemalloc " JEMALLOC_VERSION; }
void give_back_memory() {
  mallctl("thread.tcache.flush", nullptr, nullptr, nullptr, 0);
  // 4096 is jemalloc's number for all arenas (MALLCTL_ARENAS_ALL).
  mallctl("arena.4096.purge", nullptr, nullptr, nullptr, 0);
}
#else
const char* allocator_name() { return "the system's"; }
void give_back_memory() { malloc_trim(0); }
#endif

}  // namespace flashkv::bench
