// The command line, the environment KVCTL_... and their precedence.
#pragma once

#include <optional>

#include "client/kvctl/settings.h"

namespace flashkv::kvctl {

// Purpose: fills `settings`; flag over environment over default.
// Usage:   Settings s; if (auto code = parse(argc, argv, s)) return *code;
// Returns: an exit code when there is nothing to run: 0 after --help, 2 after one line of complaint.
std::optional<int> parse(int argc, char** argv, Settings& settings);

}  // namespace flashkv::kvctl
