// "Did you mean": commands and flags near to a word that is neither.
#pragma once

#include <CLI/CLI.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace flashkv::kvctl {

// Purpose: finds what the user may have meant by words that `app` does not know: what redis-cli, etcdctl and
//          shells call a command, or a typing error.
// Usage:   if (const auto near = command_like({"set", "k", "v"}, app); !near.empty()) offer(near);  // "put"
// Returns: a command, possibly with arguments, that `app` has ("put --if-absent"); empty if none is near.
std::string command_like(std::span<const std::string> words, const CLI::App& app);

// The same for a flag or word given to a command: argument_like("get", "--prefix", app) is "scan --prefix".
std::string argument_like(std::string_view command, std::string_view word, const CLI::App& app);

// The candidate with the fewest typing errors between it and `word`, upper and lower case being equal; empty
// if all are too far away. A single candidate that begins with `word` counts as near.
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

// Insertions, deletions, replacements and swaps of neighbors that lead from one word to the other.
std::size_t typing_errors(std::string_view from, std::string_view to);

// The long names of the options of `app`, with their dashes.
std::vector<std::string> flags_of(const CLI::App& app);

}  // namespace flashkv::kvctl
