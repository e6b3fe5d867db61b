// The words of a command line, protected from what the parser would make of them.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "client/kvctl/settings.h"

namespace flashkv::kvctl {

// CLI11 splits "[a,b]" in a list of values into two, and reads "-5" as an option. A mark in front hides such
// keys and numbers from it. `words` begins with the program and its options; the first one that is a command
// of `app` decides what its arguments are.
std::vector<std::string> marked(std::vector<std::string> words, const CLI::App& app);
// The word without its mark.
std::string unmarked(const std::string& word);
// Removes the marks from all that a command line can have marked.
void unmark(Settings& settings);

// A decimal number of 64 bits with an optional minus; empty for anything else.
std::optional<std::int64_t> whole_number(const std::string& text);

}  // namespace flashkv::kvctl
