// Request counts by method and status code.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "storage/store.h"

namespace flashkv {

// A method's row in the table (method_table.h); kUnserved is any method without one.
using MethodId = std::uint8_t;
inline constexpr std::size_t kMaxMethods = 48;
inline constexpr MethodId kUnserved = kMaxMethods - 1;

// A snapshot of the counts, by method and status code (0..16).
using MethodCounts = std::array<std::array<std::uint64_t, kCodes>, kMaxMethods>;

// Purpose: one request thread's own counts: no two threads write to the same cache line.
// Threads: count() on its own thread; add_to() on any.
// Cost:    count(): a load and a store.
class alignas(64) MethodCounters {
 public:
  // An unknown code counts as UNKNOWN.
  void count(MethodId method, Code code) noexcept {
    const auto number = static_cast<std::size_t>(code);
    counts_[method][number < kCodes ? number : kUnknown].add();
  }
  void add_to(MethodCounts& sum) const noexcept {
    for (std::size_t m = 0; m < kMaxMethods; ++m) {
      for (std::size_t c = 0; c < kCodes; ++c) sum[m][c] += counts_[m][c].get();
    }
  }

 private:
  static constexpr std::size_t kUnknown = 2;
  std::array<std::array<LiveCounter, kCodes>, kMaxMethods> counts_;
};

}  // namespace flashkv
