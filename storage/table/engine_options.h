// The options of an engine's constructor.
#pragma once

#include <cstdint>

#include "storage/record/hash.h"
#include "storage/record/store_limits.h"
#include "storage/table/guard_choice.h"

namespace flashkv {

// How the radix family turns a key's 64-bit hash, or its first bytes, into the word it walks by.
enum class WordOrder : std::uint8_t {
  kForward,   // highest bits first
  kReversed,  // lowest bits first
};

// Purpose: one set of options for all engines; each uses those that concern it and ignores the rest.
// Lifetime: an engine copies what it uses; the options may end once it is made.
struct EngineOptions {
  KeyHash hash{};
  GuardChoice guard = GuardChoice::kAuto;      // flashmap
  StoreLimits limits{};                        // max_retired_bytes
  unsigned slice_bits = 0;                     // radix family: 4, 8, 11, 13 or 16; 0 = its default
  WordOrder word_order = WordOrder::kForward;  // radix family
};

}  // namespace flashkv
