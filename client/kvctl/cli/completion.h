// Completion of commands and flags: scripts for shells, and candidates for kvctl's own.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

namespace flashkv::kvctl {

// An option, or a positional argument, as completion sees it.
struct Argument {
  std::vector<std::string> names;  // with their dashes; empty for a positional
  std::string help;
  bool takes_value = false;
  bool file = false;                 // the value names a file
  std::vector<std::string> choices;  // the words it takes; empty = any
};

struct CommandArguments {
  std::string name, summary;
  std::vector<Argument> flags;
  std::optional<Argument> positional;  // the first one
};

// The commands of `app`, after an unnamed one that holds the options of every command.
std::vector<CommandArguments> arguments_of(const CLI::App& app);

// The completion script of "bash", "zsh" or "fish".
std::string completion_script(const CLI::App& app, const std::string& shell);

// What `word` may become behind the words `before`, which do not include the program: commands, flags, or
// values of the flag before it.
std::vector<std::string> completions(const CLI::App& app, const std::vector<std::string>& before,
                                     const std::string& word);

}  // namespace flashkv::kvctl
