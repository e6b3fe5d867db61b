// The atomic words, locks and waits of the lock-free parts. A model checker substitutes its own:
// FLASHKV_SYNC_HEADER then names a header that defines the same names.
#pragma once

#ifdef FLASHKV_SYNC_HEADER
#include FLASHKV_SYNC_HEADER
#else

#include <atomic>
#include <cstdint>
#include <mutex>

#include "storage/sync/clock.h"

namespace flashkv::sync {

using MemoryOrder = std::memory_order;
inline constexpr MemoryOrder kRelaxed = std::memory_order_relaxed;
inline constexpr MemoryOrder kAcquire = std::memory_order_acquire;
inline constexpr MemoryOrder kRelease = std::memory_order_release;
inline constexpr MemoryOrder kAcqRel = std::memory_order_acq_rel;
inline constexpr MemoryOrder kSeqCst = std::memory_order_seq_cst;

template <typename T>
using Atomic = std::atomic<T>;
using Mutex = std::mutex;

// A member that is written before other threads can find it and destroyed after they have left. A model
// checker reports accesses that no happens-before orders.
template <typename T>
using Plain = T;

// Two cache lines: the processor fetches them in pairs.
inline constexpr std::size_t kOwnLine = 128;

// How often a word is read before its reader goes to sleep: about as long as a lookup of 256 cold keys takes.
inline constexpr unsigned kSpins = 256;

// Keeps the compiler, not the processor, from moving memory accesses across it.
inline void signal_fence() noexcept { std::atomic_signal_fence(std::memory_order_seq_cst); }

// Tells the processor that this is a waiting loop.
inline void pause() noexcept {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// Monotonic, for budgets only.
Nanos now() noexcept;

// Waits between two reads of a polled word, the `look`-th from 0: spins at first, then sleeps, never longer
// than `left`.
void back_off(unsigned look, Nanos left) noexcept;

// Sleeps while `word` holds `expected`, at most `left` ns (kNever: for ever); may return early.
void wait_word(sync::Atomic<std::uint32_t>& word, std::uint32_t expected, Nanos left) noexcept;
// Wakes one sleeper on `word`. The word may have been destroyed: only its address is used.
void wake_word(sync::Atomic<std::uint32_t>& word) noexcept;

// Whether membarrier() may be called: the kernel has it. Never under ThreadSanitizer, which cannot see such a
// fence.
bool register_membarrier() noexcept;
// A full fence in every running thread of this process, at the caller's expense. False: the kernel is short
// of memory and some threads may not have passed a fence; try again.
[[nodiscard]] bool membarrier() noexcept;

// A broken invariant: one line on stderr, then abort.
[[noreturn]] void fatal(const char* what) noexcept;

}  // namespace flashkv::sync

#endif
