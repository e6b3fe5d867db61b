// kvd's configuration, and where each value comes from.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "server/config/limits.h"
#include "server/process/log.h"
#include "storage/store.h"

namespace flashkv {

// Purpose: the resolved configuration. Defaults are strings in settings.cc, so that they are printed and
//          parsed like any other value.
struct Config {
  std::string listen;
  bool insecure = false;
  unsigned threads = 0;
  StoreOptions store;
  RequestLimits limits;
  std::uint64_t max_streams = 0;
  std::uint64_t max_connections = 0;
  Nanos drain_timeout = 0;
  log::Level log_level = log::Level::kInfo;
  log::Format log_format = log::Format::kText;
};

// One line of --print-config.
struct ConfigValue {
  std::string name;  // the flag without its dashes
  std::string value;
  std::string source;  // "flag", "environment", "file" or "default"
};

// What the command line asks for.
struct CommandLine {
  enum class Action : std::uint8_t { kServe, kPrint, kFail };
  Action action = Action::kServe;
  std::string text = {};  // kPrint: for standard output. kFail: one line for standard error
  Config config = {};
  std::vector<ConfigValue> values = {};
  // FLASHKV_... in the environment that name no setting.
  std::vector<std::string> unknown_variables = {};
};

// Purpose: resolves flag > environment FLASHKV_... > --config file > default, for every setting.
// Usage:   CommandLine line = read_command_line(argc, argv);
//          if (line.action == CommandLine::Action::kFail) { report(line.text); return 2; }
// Errors:  kFail with one line naming the flag, where its value came from and what is allowed.
CommandLine read_command_line(int argc, const char* const* argv);

}  // namespace flashkv
