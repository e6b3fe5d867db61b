// The methods that are counted, by name.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "storage/store.h"

namespace flashkv {

enum class Method : std::uint8_t {
  kGet,
  kMultiGet,
  kPut,
  kDelete,
  kWrite,  // each message of the stream
  kStats,
  kGetPublishPolicy,
  kSetPublishPolicy,
  kPublish,
  kHealthCheck,
  kHealthWatch,
  kUnserved,  // every other name
};
inline constexpr std::size_t kMethods = static_cast<std::size_t>(Method::kUnserved) + 1;
inline constexpr std::array<std::string_view, kMethods> kMethodNames{"Get",
                                                                     "MultiGet",
                                                                     "Put",
                                                                     "Delete",
                                                                     "Write",
                                                                     "Stats",
                                                                     "GetPublishPolicy",
                                                                     "SetPublishPolicy",
                                                                     "Publish",
                                                                     "Health.Check",
                                                                     "Health.Watch",
                                                                     "other"};

// Requests by method and status code (0..16), as numbers of one moment.
using MethodCounts = std::array<std::array<std::uint64_t, kCodes>, kMethods>;

// Purpose: one request thread's own counts: no line is shared with another thread that writes.
// Threads: count() by its thread; add_to() by any.
class alignas(64) MethodCounters {
 public:
  void count(Method method, std::size_t code) noexcept {
    counts_[static_cast<std::size_t>(method)][code < kCodes ? code : 2].add();
  }
  void count(Method method, Code code) noexcept { count(method, static_cast<std::size_t>(code)); }
  void add_to(MethodCounts& sum) const noexcept {
    for (std::size_t m = 0; m < kMethods; ++m) {
      for (std::size_t c = 0; c < kCodes; ++c) sum[m][c] += counts_[m][c].get();
    }
  }

 private:
  std::array<std::array<LiveCounter, kCodes>, kMethods> counts_;
};

}  // namespace flashkv
