// An allocator that runs dry on command, operator new as well as calloc(); a program that links flashkv_failing_new has
// no other.
#pragma once

namespace flashkv::test {

// Allocations that this thread still gets; negative = as many as it wants. constinit: without it every access
// is a call, which the undefined-behaviour sanitizer takes for a null pointer.
extern constinit thread_local long allocations_left;

}  // namespace flashkv::test
