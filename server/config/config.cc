#include "server/config/config.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <optional>
#include <utility>

#include "server/config/config_file.h"
#include "server/config/later_settings.h"
#include "server/config/settings.h"

namespace flashkv {
namespace {

struct Sourced {
  std::string text;
  std::string source;
};

struct Flags {
  Texts given;
  std::string config_file;
  bool print_config = false;
  bool version = false;
};

constexpr const char* kConfigVariable = "FLASHKV_CONFIG";

CommandLine fail(std::string text) {
  for (char& c : text) {
    if (c == '\n' || c == '\r') c = ' ';
  }
  return {.action = CommandLine::Action::kFail, .text = std::move(text)};
}

CommandLine print(std::string text) {
  return {.action = CommandLine::Action::kPrint, .text = std::move(text)};
}

// Parses every setting as text; flags.given gets those on the command line.
std::optional<CommandLine> parse_flags(int argc, const char* const* argv, Flags& flags) {
  CLI::App app("flashkv server: an in-memory key-value store for read-mostly work", "kvd");
  std::map<std::string, std::pair<std::string, CLI::Option*>, std::less<>> options;
  for (const Setting& setting : settings()) {
    const std::string name(setting.name);
    auto& [text, option] = options[name];
    const std::string help = std::string(setting.help) + " [" + std::string(setting.default_text) + "] (" +
                             setting.allowed() + ")";
    option = setting.is_switch ? app.add_flag("--" + name + "{true}", text, help)
                               : app.add_option("--" + name, text, help);
    option->take_last();
  }
  for (const LaterSetting& setting : later_settings()) {
    const std::string name(setting.name);
    auto& [text, option] = options[name];
    option = app.add_option("--" + name, text)->take_last()->group("");  // not in --help
  }
  app.add_option("--config", flags.config_file, "file of NAME = VALUE lines with the names of the flags");
  app.add_flag("--print-config", flags.print_config, "print every value and where it came from, and exit");
  app.add_flag("--version", flags.version, "print the version and exit");
  app.footer(
      "Every flag is also a key in the config file and an environment variable: --log-level, log-level,\n"
      "FLASHKV_LOG_LEVEL. A flag wins over the environment, the environment over the file.");
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    return print(app.help());
  } catch (const CLI::ParseError& error) {
    return fail(std::string(error.what()) + "; see kvd --help");
  }
  for (const auto& [name, slot] : options) {
    if (slot.second->count() > 0) flags.given[name] = slot.first;
  }
  return std::nullopt;
}

Sourced resolve(std::string_view name, std::string_view default_text, const Texts& flags, const Texts& file) {
  if (const auto flag = flags.find(name); flag != flags.end()) return {flag->second, "flag"};
  const char* variable = std::getenv(environment_name(name).c_str());
  if (variable != nullptr) return {variable, "environment"};
  if (const auto key = file.find(name); key != file.end()) return {key->second, "file"};
  return {std::string(default_text), "default"};
}

// " (from FLASHKV_THREADS)"; empty for a flag, which the message names anyway.
std::string origin(std::string_view name, const Sourced& value) {
  if (value.source == "environment") return " (from " + environment_name(name) + ")";
  if (value.source == "file") return " (from the config file)";
  return {};
}

std::string bad_value(const Setting& setting, const Sourced& value) {
  return "--" + std::string(setting.name) + ": bad value \"" + value.text + "\"" +
         origin(setting.name, value) + "; allowed: " + setting.allowed();
}

std::string unavailable(const LaterSetting& setting, const Sourced& value) {
  return "--" + std::string(setting.name) + origin(setting.name, value) +
         " is not available in kvd " FLASHKV_RELEASE " (" + std::string(setting.instead) + ")";
}

// Applies and lists every setting. Returns one line about the first that is refused, or an empty string.
std::string apply_all(const Texts& flags, const Texts& file, CommandLine& line) {
  const auto list = [&line](std::string_view name, Sourced value) {
    line.values.push_back({std::string(name), std::move(value.text), std::move(value.source)});
  };
  for (const Setting& setting : settings()) {
    Sourced value = resolve(setting.name, setting.default_text, flags, file);
    if (!setting.apply(value.text, line.config)) return bad_value(setting, value);
    list(setting.name, std::move(value));
  }
  for (const LaterSetting& setting : later_settings()) {
    Sourced value = resolve(setting.name, setting.only_value, flags, file);
    if (value.text != setting.only_value) return unavailable(setting, value);
    list(setting.name, std::move(value));
  }
  return conflict(line.config);
}

std::vector<std::string> unknown_variables(const std::vector<ConfigValue>& values) {
  std::vector<std::string> unknown;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string_view text(*variable);
    const std::string_view name = text.substr(0, text.find('='));
    const auto sets_it = [&](const ConfigValue& value) { return environment_name(value.name) == name; };
    if (name.starts_with(kVariablePrefix) && name != kConfigVariable &&
        std::ranges::none_of(values, sets_it)) {
      unknown.emplace_back(name);
    }
  }
  std::ranges::sort(unknown);
  return unknown;
}

std::string listing(const std::vector<ConfigValue>& values) {
  std::string lines;
  for (const ConfigValue& value : values) {
    lines.append(value.name).append(" = \"").append(value.value).append("\"  # ");
    lines.append(value.source).append("\n");
  }
  return lines;
}

}  // namespace

CommandLine read_command_line(int argc, const char* const* argv) {
  Flags flags;
  if (auto done = parse_flags(argc, argv, flags)) return std::move(*done);
  if (flags.version) return print("kvd " FLASHKV_VERSION "\n");
  if (flags.config_file.empty()) {
    if (const char* path = std::getenv(kConfigVariable)) flags.config_file = path;
  }
  Texts file;
  if (!flags.config_file.empty()) {
    if (std::string why = read_config_file(flags.config_file, file); !why.empty())
      return fail(std::move(why));
  }
  CommandLine line;
  if (std::string why = apply_all(flags.given, file, line); !why.empty()) return fail(std::move(why));
  if (flags.print_config) return print(listing(line.values));
  line.unknown_variables = unknown_variables(line.values);
  return line;
}

}  // namespace flashkv
