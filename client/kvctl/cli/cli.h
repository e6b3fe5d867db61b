// Parses the command line and the environment variables KVCTL_...
#pragma once

#include <optional>

#include "client/kvctl/settings.h"

namespace flashkv::kvctl {

// Purpose: fills in `settings`: a flag wins over the environment, the environment over the default.
// Usage:   Settings s; if (auto code = parse(argc, argv, s)) return *code;
// Returns: an exit code if there is nothing to run: 0 after --help, 2 after one line on standard error.
std::optional<int> parse(int argc, char** argv, Settings& settings);

}  // namespace flashkv::kvctl
