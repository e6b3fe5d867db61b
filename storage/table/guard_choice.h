// Which way of announcing readers an engine uses, where it has more than one.
#pragma once

#include <cstdint>

namespace flashkv {

enum class GuardChoice : std::uint8_t { kAuto, kRefcount, kAsymmetric };

}  // namespace flashkv
