// An allocator that runs dry on command: operator new, calloc() and mmap(). A program that links
// flashkv_failing_new has no other.
#pragma once

#include <new>

namespace flashkv::test {

// Allocations that this thread still gets; negative = as many as it wants. constinit: without it every access
// is a call, which the undefined-behaviour sanitizer takes for a null pointer.
extern constinit thread_local long allocations_left;
// Set, the next failure is the only one: allocations_left is negative after it.
extern constinit thread_local bool fail_once;
// Whether one has failed since a test last cleared it.
extern constinit thread_local bool allocation_failed;

// How often make() throws std::bad_alloc when it gets one allocation more each time; kNeverEnough if it
// always does.
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
