// The guard policies as the tests see them, and a half that shows when it was changed under a reader.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <string>
#include <type_traits>

#include "storage/engine/flashmap/guard_asymmetric.h"
#include "storage/engine/flashmap/guard_refcount.h"

namespace flashkv::flashmap {

// Plain words, all derived from one revision: torn or changing, they disagree; to ThreadSanitizer, they race.
struct SelfVerifyingHalf {
  SelfVerifyingHalf() noexcept { set(0); }
  void set(std::uint64_t revision) noexcept {
    for (std::uint64_t i = 0; i < words.size(); ++i) words[i] = revision * kFactor + i;
  }
  // The revision, or kTorn.
  std::uint64_t read() const noexcept {
    for (std::uint64_t i = 0; i < words.size(); ++i) {
      if (words[i] != words[0] + i) return kTorn;
    }
    return words[0] % kFactor == 0 ? words[0] / kFactor : kTorn;
  }

  std::uintptr_t generation() const noexcept { return generation_; }
  void set_generation(std::uintptr_t generation) noexcept { generation_ = generation; }

  static constexpr std::uint64_t kTorn = ~std::uint64_t{0};
  static constexpr std::uint64_t kFactor = 1'000'003;
  std::array<std::uint64_t, 40> words{};  // some cache lines

 private:
  std::uintptr_t generation_ = 1;
};

using Refcount = RefcountGuards<SelfVerifyingHalf>;
using Asymmetric = AsymmetricGuards<SelfVerifyingHalf>;
// As on a kernel without membarrier.
struct AsymmetricWithExchange : Asymmetric {
  AsymmetricWithExchange(SelfVerifyingHalf* first, SelfVerifyingHalf* second)
      : Asymmetric(first, second, false) {}
};

using Policies = testing::Types<Refcount, Asymmetric, AsymmetricWithExchange>;
struct PolicyNames {
  template <typename Guards>
  static std::string GetName(int) {
    if (std::is_same_v<Guards, AsymmetricWithExchange>) return "asymmetric_with_exchange";
    return std::string(Guards::kName);
  }
};

// Two halves at revision 0 under a policy.
template <typename Guards>
struct Guarded {
  SelfVerifyingHalf halves[2];
  Guards guards{&halves[0], &halves[1]};

  // What a writer's step does; false = readers are still inside after `budget`.
  bool write(std::uint64_t revision, Nanos budget) noexcept {
    if (!guards.wait_drained(budget)) return false;
    guards.other()->set(revision);
    guards.swap();
    return true;
  }
};

}  // namespace flashkv::flashmap
