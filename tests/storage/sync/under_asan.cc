// Compiled, not run, with AddressSanitizer by each compiler: both must be noticed.
#include "storage/order/node_pool.h"
#include "storage/record/large_block.h"

static_assert(flashkv::large_block::kMostWaiting == 0, "freed blocks are kept: a use after free is not seen");
#if !defined(ASAN_POISON_MEMORY_REGION)
#error "the node pool does not poison what it holds"
#endif
