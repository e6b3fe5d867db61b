#include "storage/record/large_block.h"

#include <sys/mman.h>

#include <array>
#include <atomic>
#include <cstdint>

namespace flashkv::large_block {
namespace {

// Purpose: released blocks that wait for the next allocation of their size. A slot is one word that says all
//          there is to know of its block: who swaps it for 0 owns the block.
class Spares {
 public:
  void* take(std::size_t bytes) noexcept {
    for (std::atomic<std::uint64_t>& slot : slots_) {
      std::uint64_t word = slot.load(std::memory_order_relaxed);
      if (word == 0 || bytes_of(word) != bytes) continue;
      if (!slot.compare_exchange_strong(word, 0, std::memory_order_acquire, std::memory_order_relaxed))
        continue;
      held_.fetch_sub(bytes, std::memory_order_relaxed);
      return block_of(word);
    }
    return nullptr;
  }

  // False: it would be too much, or too many.
  bool keep(void* block, std::size_t bytes) noexcept {
    if (held_.fetch_add(bytes, std::memory_order_relaxed) + bytes <= kMostSpare) {
      const std::uint64_t word = word_of(block, bytes);
      for (std::atomic<std::uint64_t>& slot : slots_) {
        std::uint64_t empty = 0;
        if (slot.load(std::memory_order_relaxed) == 0 &&
            slot.compare_exchange_strong(empty, word, std::memory_order_release, std::memory_order_relaxed))
          return true;
      }
    }
    held_.fetch_sub(bytes, std::memory_order_relaxed);
    return false;
  }

 private:
  // An address has 48 bits and ends in twelve zeros, which leaves 28 bits for the size in units of 64 KiB.
  static constexpr unsigned kSizeBits = 28;
  static constexpr unsigned kUnitLog2 = 16;
  static std::uint64_t word_of(void* block, std::size_t bytes) noexcept {
    return reinterpret_cast<std::uint64_t>(block) << 16 | bytes >> kUnitLog2;
  }
  static void* block_of(std::uint64_t word) noexcept {
    return reinterpret_cast<void*>(word >> kSizeBits << (kSizeBits - 16));
  }
  static std::size_t bytes_of(std::uint64_t word) noexcept {
    return (word & ((std::uint64_t{1} << kSizeBits) - 1)) << kUnitLog2;
  }

  std::array<std::atomic<std::uint64_t>, kSpareBytes / kLeast> slots_{};
  std::atomic<std::size_t> held_{0};
};

constinit Spares spares;

}  // namespace

void* allocate(std::size_t bytes) noexcept {
  if (void* spare = spares.take(bytes)) return spare;
  void* block = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return block == MAP_FAILED ? nullptr : block;
}

void release(void* block, std::size_t bytes) noexcept {
  if (spares.keep(block, bytes)) return;
  // It fails where a gap between neighbours would be one mapping too many. The pages go all the same.
  if (munmap(block, bytes) != 0) madvise(block, bytes, MADV_DONTNEED);
}

}  // namespace flashkv::large_block
