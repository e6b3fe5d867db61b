// Settings of features that this version does not have.
#pragma once

#include <span>
#include <string_view>

namespace flashkv {

// Purpose: kvd knows these names, so that a file written for a later version is understood. The one value
//          that describes what this version does is accepted; any other stops the start.
struct LaterSetting {
  std::string_view name;
  std::string_view only_value;
  std::string_view instead;  // what this version does, as in "(memory only)"
};

std::span<const LaterSetting> later_settings();

}  // namespace flashkv
