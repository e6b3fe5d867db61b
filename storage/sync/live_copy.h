// Numbers that one thread keeps and others look at.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

namespace flashkv {

// Purpose: one number.
// Threads: add(), set() from one thread, without read-modify-write instructions; get() from any.
class LiveCounter {
 public:
  void add(std::uint64_t by = 1) noexcept { set(get() + by); }
  void set(std::uint64_t v) noexcept { value_.store(v, std::memory_order_relaxed); }
  std::uint64_t get() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

// Purpose: a copy of a plain struct of 64-bit numbers, so that its owner works on ordinary fields and each
//          field is declared once.
// Usage:   owner: counts.steps += 1; ...; live.show(counts);      any thread: T now = live.copy();
// Threads: show() from one; copy() from any.
// Cost:    a relaxed store or load a word.
// Limits:  a copy taken during show() may mix two moments; each number in it was true.
template <typename T>
class LiveCopy {
  static_assert(std::is_trivially_copyable_v<T> && sizeof(T) % sizeof(std::uint64_t) == 0);
  static constexpr std::size_t kWords = sizeof(T) / sizeof(std::uint64_t);

 public:
  void show(const T& now) noexcept {
    std::array<std::uint64_t, kWords> words;
    std::memcpy(words.data(), &now, sizeof(T));
    for (std::size_t i = 0; i < kWords; ++i) words_[i].store(words[i], std::memory_order_relaxed);
  }
  T copy() const noexcept {
    std::array<std::uint64_t, kWords> words;
    for (std::size_t i = 0; i < kWords; ++i) words[i] = words_[i].load(std::memory_order_relaxed);
    T now;
    std::memcpy(static_cast<void*>(&now), words.data(), sizeof(T));
    return now;
  }

 private:
  std::array<std::atomic<std::uint64_t>, kWords> words_{};
};

}  // namespace flashkv
