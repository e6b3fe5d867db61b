// Memory for records so large that each has pages of its own.
#pragma once

#include <bit>
#include <cstddef>

namespace flashkv::large_block {

// Purpose: blocks that go back to the system when they are released, whichever thread does it. Request
//          threads allocate records and the writer frees them; an allocator with a heap for each thread keeps
//          what others free until the owner allocates again, which an idle thread does not.
// Usage:   if (size >= kLeast) { void* block = allocate(bytes_for(size)); ...; release(block,
//          bytes_for(size)); }
// Threads: any; lock-free.
// Cost:    a fresh block: mmap() and a page fault for every page written, which any allocator pays on first
//          use; munmap(). The last kSpareBytes released are kept for the next blocks of the same size, which
//          then cost neither.
// Limits:  the kernel's vm.max_map_count (65,530 by default) bounds how many blocks there can be where freed
//          neighbours have left gaps: at least 32 GiB of them. Beyond it allocate() fails.

// Smaller blocks are the allocator's: 512 KiB is the least whose sizes are whole pages of up to 64 KiB.
inline constexpr std::size_t kLeast = std::size_t{512} << 10;
// What an idle server keeps at most: enough for a dozen writes of 1 MiB under way. AddressSanitizer's builds
// keep nothing, so that it sees a use after the release.
inline constexpr std::size_t kSpareBytes = std::size_t{16} << 20;
#if defined(__SANITIZE_ADDRESS__)
inline constexpr std::size_t kMostSpare = 0;
#else
inline constexpr std::size_t kMostSpare = kSpareBytes;
#endif

// Eight sizes for every doubling, so that a spare block fits more records than the one it was made for. Pages
// at the end that nobody has written cost nothing.
constexpr std::size_t bytes_for(std::size_t size) noexcept {
  const std::size_t step = std::bit_floor(size) / 8;
  return (size + step - 1) / step * step;
}
static_assert(bytes_for(kLeast) == kLeast && bytes_for(kLeast + 1) % (std::size_t{64} << 10) == 0);

// Null when memory is short.
void* allocate(std::size_t bytes) noexcept;
void release(void* block, std::size_t bytes) noexcept;

}  // namespace flashkv::large_block
