#include "storage/record/large_block.h"

#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <new>

namespace flashkv::large_block {
namespace {

// An address has 48 bits and ends in twelve zeros, which leaves 28 bits for the size in units of 64 KiB.
constexpr unsigned kSizeBits = 28;
constexpr unsigned kUnitLog2 = 16;
constexpr std::size_t kUnit = std::size_t{1} << kUnitLog2;
static_assert(kPiece % kUnit == 0);

struct Block {
  char* at = nullptr;
  std::size_t bytes = 0;

  std::uint64_t word() const noexcept {
    return reinterpret_cast<std::uint64_t>(at) << 16 | bytes >> kUnitLog2;
  }
  static Block of(std::uint64_t word) noexcept {
    return {reinterpret_cast<char*>(word >> kSizeBits << (kSizeBits - 16)),
            (word & ((std::uint64_t{1} << kSizeBits) - 1)) << kUnitLog2};
  }
};

// Purpose: the blocks that wait for an allocation. A slot is one word that says all there is to know of its
//          block: who swaps it for 0 owns the block.
class Waiting {
 public:
  void* take(std::size_t bytes) noexcept {
    if (bytes_.load(std::memory_order_relaxed) < bytes) return nullptr;
    for (Slot& slot : slots_) {
      std::uint64_t word = slot.load(std::memory_order_relaxed);
      if (Block::of(word).bytes == bytes && take(slot, word)) return Block::of(word).at;
    }
    return nullptr;
  }
  // Whichever comes next, in turn, so that a size that nobody asks for any more goes, too; its place goes to
  // `from`.
  Block take_next(std::size_t& from) noexcept {
    const std::size_t first = next_.load(std::memory_order_relaxed);
    for (std::size_t i = 0; i < kSlots; ++i) {
      from = (first + i) % kSlots;
      std::uint64_t word = slots_[from].load(std::memory_order_relaxed);
      if (word == 0 || !take(slots_[from], word)) continue;
      next_.store(from, std::memory_order_relaxed);
      return Block::of(word);
    }
    return {};
  }
  // From slot `first` on. False: there would be too much, or too many.
  bool add(Block block, std::size_t first = 0) noexcept {
    if (bytes_.fetch_add(block.bytes, std::memory_order_relaxed) + block.bytes <= kMostWaiting) {
      for (std::size_t i = 0; i < kSlots; ++i) {
        Slot& slot = slots_[(first + i) % kSlots];
        std::uint64_t empty = 0;
        if (slot.load(std::memory_order_relaxed) == 0 &&
            slot.compare_exchange_strong(empty, block.word(), std::memory_order_release,
                                         std::memory_order_relaxed))
          return true;
      }
    }
    bytes_.fetch_sub(block.bytes, std::memory_order_relaxed);
    return false;
  }
  std::size_t bytes() const noexcept { return bytes_.load(std::memory_order_relaxed); }

 private:
  using Slot = std::atomic<std::uint64_t>;
  static constexpr std::size_t kSlots = std::max<std::size_t>(kMostWaiting / kLeast, 1);

  bool take(Slot& slot, std::uint64_t& word) noexcept {
    if (!slot.compare_exchange_strong(word, 0, std::memory_order_acquire, std::memory_order_relaxed))
      return false;
    bytes_.fetch_sub(Block::of(word).bytes, std::memory_order_relaxed);
    return true;
  }

  std::array<Slot, kSlots> slots_{};
  std::atomic<std::size_t> next_{0};
  std::atomic<std::size_t> bytes_{0};
};

// Purpose: the blocks beyond kMostWaiting, however many: each holds the link to the next, so that adding one
//          allocates nothing.
// Threads: add() from any; take() and put_back() from one at a time.
class Surplus {
 public:
  void add(Block block) noexcept {
    bytes_.fetch_add(block.bytes, std::memory_order_relaxed);
    Link* const link = new (block.at) Link{added_.load(std::memory_order_relaxed), block.bytes};
    while (!added_.compare_exchange_weak(link->next, link, std::memory_order_release,
                                         std::memory_order_relaxed)) {
    }
  }
  Block take() noexcept {
    if (taken_ == nullptr) taken_ = added_.exchange(nullptr, std::memory_order_acquire);
    if (taken_ == nullptr) return {};
    const Block block{reinterpret_cast<char*>(taken_), taken_->bytes};
    taken_ = taken_->next;
    bytes_.fetch_sub(block.bytes, std::memory_order_relaxed);
    return block;
  }
  void put_back(Block block) noexcept {
    bytes_.fetch_add(block.bytes, std::memory_order_relaxed);
    taken_ = new (block.at) Link{taken_, block.bytes};
  }
  std::size_t bytes() const noexcept { return bytes_.load(std::memory_order_relaxed); }

 private:
  struct Link {
    Link* next;
    std::size_t bytes;
  };
  std::atomic<Link*> added_{nullptr};
  Link* taken_ = nullptr;  // off added_, not given back yet
  std::atomic<std::size_t> bytes_{0};
};

constinit Waiting blocks;
constinit Surplus surplus;
constinit std::atomic<bool> trimming{false};
constinit std::atomic<std::uint64_t> block_uses{0};

void give_back(char* at, std::size_t bytes) noexcept {
  // It fails where a gap between neighbours would be one mapping too many. The pages go all the same.
  if (munmap(at, bytes) != 0) madvise(at, bytes, MADV_DONTNEED);
}

}  // namespace

void* allocate(std::size_t bytes) noexcept {
  if (void* block = blocks.take(bytes)) {
    block_uses.fetch_add(1, std::memory_order_relaxed);
    return block;
  }
  void* block = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return block == MAP_FAILED ? nullptr : block;
}

void release(void* block, std::size_t bytes) noexcept {
  const Block released{static_cast<char*>(block), bytes};
  block_uses.fetch_add(1, std::memory_order_relaxed);
  if (blocks.add(released)) return;
  if (kMostWaiting == 0) return give_back(released.at, released.bytes);
  surplus.add(released);
}

// A block goes from its end: what is left of it waits as a smaller one.
bool trim(std::size_t keep, std::size_t most) noexcept {
  if (waiting() <= keep || trimming.exchange(true, std::memory_order_acquire)) return false;
  while (most >= kUnit && waiting() > keep) {
    std::size_t slot = 0;
    Block block = surplus.take();
    const bool spare = block.bytes == 0;
    if (spare) block = blocks.take_next(slot);
    if (block.bytes == 0) break;
    const std::size_t piece = std::min(block.bytes, most / kUnit * kUnit);
    block.bytes -= piece;
    give_back(block.at + block.bytes, piece);
    most -= piece;
    if (block.bytes != 0 && !(spare && blocks.add(block, slot))) surplus.put_back(block);
  }
  trimming.store(false, std::memory_order_release);
  return most < kUnit && waiting() > keep;
}

std::size_t waiting() noexcept { return blocks.bytes() + surplus.bytes(); }
std::uint64_t uses() noexcept { return block_uses.load(std::memory_order_relaxed); }

}  // namespace flashkv::large_block
