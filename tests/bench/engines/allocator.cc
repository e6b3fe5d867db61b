#include "tests/bench/engines/allocator.h"

#ifdef FLASHKV_BENCH_JEMALLOC
#include <jemalloc/jemalloc.h>
#else
#include <malloc.h>
#endif

#ifdef FLASHKV_BENCH_JEMALLOC
// jemalloc reads its settings here. In pages of 4 KiB its own records are read first and written then, so
// that the system's page of zeros gives way, and every reader's processor is interrupted for it: a thousand
// times a second while a table grows, which would be the 99.9th percentile of every engine.
extern "C" {
extern const char* malloc_conf;
const char* malloc_conf = "metadata_thp:always";
}
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
