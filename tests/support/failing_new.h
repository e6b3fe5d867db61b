// Allocation failure on demand, in operator new, calloc() and mmap(). A program that links
// flashkv_failing_new uses these everywhere.
#pragma once

#include <new>

namespace flashkv::test {

// Allocations this thread is still allowed; negative = no limit. constinit: otherwise every access is a call,
// which the undefined-behaviour sanitizer takes for a null pointer.
extern constinit thread_local long allocations_left;
// If set, only the next failure happens: it makes allocations_left negative.
extern constinit thread_local bool fail_once;
// Whether an allocation has failed since a test last cleared this.
extern constinit thread_local bool allocation_failed;

// How many times make() throws std::bad_alloc when it is allowed one more allocation each time; kNeverEnough
// if it always does.
inline constexpr long kNeverEnough = 100;
template <typename Make>
long failures_until_made(Make&& make) {
  for (long failures = 0; failures < kNeverEnough; ++failures) {
    allocations_left = failures;
    try {
      make();
      allocations_left = -1;
      return failures;
    } catch (const std::bad_alloc&) {
      allocations_left = -1;
    }
  }
  return kNeverEnough;
}

}  // namespace flashkv::test
