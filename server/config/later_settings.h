// Settings for features that this version does not have.
#pragma once

#include <span>
#include <string_view>

namespace flashkv {

// Purpose: a name reserved for a later version. kvd accepts the one value that describes what this version
//          does, and refuses to start with any other.
struct LaterSetting {
  std::string_view name;
  std::string_view only_value;
  std::string_view instead;  // what this version does: "memory only"
};

std::span<const LaterSetting> later_settings();

}  // namespace flashkv
