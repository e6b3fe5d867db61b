// A global allocator that fails when it is told to.
#pragma once

namespace flashkv {

// From now on the n-th allocation (1 = the next) of this process fails, once. One thread only.
void fail_allocation(long nth) noexcept;
// Ends that; true when an allocation has failed.
bool stop_failing() noexcept;

}  // namespace flashkv
