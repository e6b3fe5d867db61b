// What `kvctl completion` prints, for each shell.
#pragma once

#include <string>
#include <vector>

#include "client/kvctl/cli/completion.h"

namespace flashkv::kvctl {

// Each takes the table of arguments_of().
std::string bash_script(const std::vector<CommandArguments>& commands);
std::string zsh_script(const std::vector<CommandArguments>& commands);
std::string fish_script(const std::vector<CommandArguments>& commands);

}  // namespace flashkv::kvctl
