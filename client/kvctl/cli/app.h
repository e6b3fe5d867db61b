// The table of commands and flags, which parsing, help and completion read.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "client/kvctl/settings.h"

namespace flashkv::kvctl {

// A line of kvctl's shell has no connection of its own, and no environment.
enum class Scope { kProgram, kShellLine };

// Purpose: all commands and flags. Parsing with it fills in `settings`.
// Usage:   Settings s; auto app = make_app(s); app->parse(...);
// Lifetime: `settings` must outlive it.
std::unique_ptr<CLI::App> make_app(Settings& settings, Scope scope = Scope::kProgram);

// The help text of a command, the same that its --help prints; of all commands if `name` is empty.
std::string help_text(const CLI::App& app, const std::string& name);

}  // namespace flashkv::kvctl
