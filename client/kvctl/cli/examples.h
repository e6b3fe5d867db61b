// The group and the examples of each command, for its help text.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace flashkv::kvctl {

struct CommandText {
  std::string_view name;
  std::string_view group;  // its heading in `kvctl help`
  std::vector<std::string_view> examples;
};

// One row per command.
const CommandText* text_of(std::string_view command);
// What a command's help ends with: its examples, and where the other options are.
std::string examples_of(std::string_view command);

}  // namespace flashkv::kvctl
