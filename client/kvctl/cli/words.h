// The words of a command line, protected from what the parser would make of them.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "client/kvctl/settings.h"

namespace flashkv::kvctl {

// The place in `words` of the command: the first word after the program that is neither an option of `app`
// nor an option's value. words.size() if there is none, or if an option that `app` does not know comes first.
std::size_t command_at(const std::vector<std::string>& words, const CLI::App& app);
// Whether `app` has a command of this name.
bool has_command(const CLI::App& app, const std::string& name);

// CLI11 splits "[a,b]" in a list of values into two, and reads "-5" as an option. A mark in front hides such
// keys and numbers from it. The command decides what its arguments are.
std::vector<std::string> marked(std::vector<std::string> words, const CLI::App& app);
// The word without its mark.
std::string unmarked(const std::string& word);
// Removes the marks from all that a command line can have marked.
void unmark(Settings& settings);

// A decimal number of 64 bits with an optional minus; empty for anything else.
std::optional<std::int64_t> whole_number(const std::string& text);

}  // namespace flashkv::kvctl
