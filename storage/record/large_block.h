// Memory for records so large that each has pages of its own.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include "storage/sync/sanitizer.h"

namespace flashkv::large_block {

// Purpose: blocks that go back to the system once they are released, whichever thread does it. Request
//          threads allocate records and the writer frees them; an allocator with a heap for each thread keeps
//          what others free until the owner allocates again, which an idle thread does not.
//
//          A released block first waits for the next allocation of its size. Whatever waits for nothing goes
//          back in pieces, by trim(): giving 256 MiB back in one go took 18 ms of processor time on the
//          writer's thread, and every put waited as long.
// Usage:   if (size >= kLeast) { void* block = allocate(bytes_for(size)); ...; release(block,
//          bytes_for(size)); }
//          the writer, between its batches:  trim(kSpareBytes, kPiece)
// Threads: any; lock-free.
// Cost:    a fresh block: mmap() and a page fault for every page written, which any allocator pays on first
//          use; munmap(), 70 us for each MiB. One that waited for its size costs neither.
// Limits:  kMostWaiting bytes wait for an allocation. What is released beyond is surplus: it waits for trim()
//          alone, which takes it first. Whoever releases must see to it that trim() keeps up (the writer:
//          trimmer.h). The kernel's vm.max_map_count (65,530 by default) bounds how many blocks there can be
//          where freed neighbours have left gaps: at least 32 GiB of them. Beyond it allocate() fails.

// Smaller blocks are the allocator's: 512 KiB is the least whose sizes are whole pages of up to 64 KiB.
inline constexpr std::size_t kLeast = std::size_t{512} << 10;
// What a busy server keeps: enough for a dozen writes of 1 MiB under way.
inline constexpr std::size_t kSpareBytes = std::size_t{16} << 20;
// How much is given back between two batches: some 150 us.
inline constexpr std::size_t kPiece = std::size_t{2} << 20;
// Twice Writer::kMaxUnpublishedBytes, the values that one publish may replace. AddressSanitizer's builds let
// nothing wait, so that it sees a use after the release.
#if defined(FLASHKV_ASAN)
inline constexpr std::size_t kMostWaiting = 0;
#else
inline constexpr std::size_t kMostWaiting = std::size_t{512} << 20;
#endif

// Eight sizes for every doubling, so that a waiting block fits more records than the one it was made for.
// Pages at the end that nobody has written cost nothing.
constexpr std::size_t bytes_for(std::size_t size) noexcept {
  const std::size_t step = std::bit_floor(size) / 8;
  return (size + step - 1) / step * step;
}
static_assert(bytes_for(kLeast) == kLeast && bytes_for(kLeast + 1) % (std::size_t{64} << 10) == 0);

// Null when memory is short.
void* allocate(std::size_t bytes) noexcept;
void release(void* block, std::size_t bytes) noexcept;

// Of what waits beyond `keep` bytes, gives back `most` at most. True: more of it is left. One thread at a
// time does: for another there is nothing to give back.
bool trim(std::size_t keep, std::size_t most) noexcept;

// Bytes that wait now, surplus included.
std::size_t waiting() noexcept;
// How often a block was released, or found waiting by an allocation: while the number grows, those that wait
// are of use.
std::uint64_t uses() noexcept;

}  // namespace flashkv::large_block
