// How readers announce themselves, for engines that offer more than one way.
#pragma once

#include <cstdint>

namespace flashkv {

enum class GuardChoice : std::uint8_t { kAuto, kRefcount, kAsymmetric };

}  // namespace flashkv
