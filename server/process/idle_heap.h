// What a thread's heap holds for records that are gone.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <utility>

namespace flashkv {

// Purpose: tells an idle request thread when to look through its heap. Request threads make records and the
//          writer frees them; mimalloc leaves such memory with the thread that made it until that allocates
//          the same size again, so an idle server would hold what a mass expiry has freed.
// Usage:   each kGap without work:  if (idle.due(removed, held)) return_freed_memory();
// Threads: one.
// Cost:    a look at all pages of the heap, some milliseconds for gigabytes: only once an eighth of what
//          the records hold was removed, and once more, for what was freed late.
class IdleHeap {
 public:
  static constexpr std::chrono::milliseconds kGap{500};
  static constexpr std::uint64_t kLeast = std::uint64_t{4} << 20;

  // Bytes of records: removed since the start, and held now.
  bool due(std::uint64_t removed, std::uint64_t held) noexcept {
    const bool again = std::exchange(again_, false);
    if (removed - seen_ < std::max(kLeast, held / 8)) return again;
    seen_ = removed;
    return again_ = true;
  }

 private:
  std::uint64_t seen_ = 0;  // what had been removed the last time
  bool again_ = false;
};

// Returns to the system what the calling thread's heap holds and others have freed. No effect in a program
// without mimalloc.
void return_freed_memory() noexcept;

}  // namespace flashkv
