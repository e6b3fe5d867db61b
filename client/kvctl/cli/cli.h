// Parses the command line and the environment variables KVCTL_...
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "client/kvctl/settings.h"

namespace flashkv::kvctl {

// Purpose: fills in `settings`: a flag wins over the environment, the environment over the default.
// Usage:   Settings s; if (auto code = parse(argc, argv, s)) return *code;
// Returns: an exit code if there is nothing to run: 0 after --help, 2 after one line on standard error.
std::optional<int> parse(int argc, char** argv, Settings& settings);

// Parses a line of kvctl's shell: the words of a command without "kvctl". What the line does not say stays as
// it is in `settings`. Returns as parse().
std::optional<int> parse_line(std::vector<std::string> words, Settings& settings);

// What `word` may become in a line of the shell, behind the words `before`.
std::vector<std::string> complete_line(const std::vector<std::string>& before, const std::string& word);

}  // namespace flashkv::kvctl
