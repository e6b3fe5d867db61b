#include "server/config/config.h"

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <map>
#include <optional>
#include <utility>

#include "server/config/later_settings.h"
#include "server/config/settings.h"

namespace flashkv {
namespace {

struct Sourced {
  std::string text;
  std::string source;
};
using Texts = std::map<std::string, std::string, std::less<>>;

struct Flags {
  Texts given;
  std::string config_file;
  bool print_config = false;
  bool version = false;
};

CommandLine fail(std::string text) { return {CommandLine::Action::kFail, std::move(text), {}, {}}; }

std::string one_line(std::string text) {
  for (char& c : text) {
    if (c == '\n' || c == '\r') c = ' ';
  }
  return text;
}

// Every setting as a text option; what was not given stays out of `given`.
std::optional<CommandLine> parse_flags(int argc, const char* const* argv, Flags& flags) {
  CLI::App app("flashkv server: an in-memory key-value store for read-mostly work", "kvd");
  std::map<std::string, std::pair<std::string, CLI::Option*>, std::less<>> options;
  const auto add = [&](const Setting& setting) {
    const std::string name(setting.name);
    auto& [text, option] = options[name];
    const std::string help = std::string(setting.help) + " [" + std::string(setting.default_text) + "] (" +
                             setting.allowed() + ")";
    option = setting.is_switch ? app.add_flag("--" + name + "{true}", text, help)
                               : app.add_option("--" + name, text, help);
    option->take_last();
  };
  for (const Setting& setting : settings()) add(setting);
  for (const Setting& setting : later_settings()) add(setting);
  app.add_option("--config", flags.config_file, "file of NAME = VALUE lines with the names of the flags");
  app.add_flag("--print-config", flags.print_config, "print every value and where it came from, and exit");
  app.add_flag("--version", flags.version, "print the version and exit");
  app.footer(
      "Every flag is also a key in the config file and an environment variable: --log-level, log-level,\n"
      "FLASHKV_LOG_LEVEL. A flag wins over the environment, the environment over the file.");
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    return CommandLine{CommandLine::Action::kPrint, app.help(), {}, {}};
  } catch (const CLI::ParseError& error) {
    return fail(one_line(error.what()) + "; see kvd --help");
  }
  for (const auto& [name, slot] : options) {
    if (slot.second->count() > 0) flags.given[name] = slot.first;
  }
  return std::nullopt;
}

// The keys of a config file; empty path: none.
std::optional<CommandLine> read_file(const std::string& path, Texts& keys) {
  if (path.empty()) return std::nullopt;
  try {
    CLI::ConfigTOML reader;
    for (const CLI::ConfigItem& item : reader.from_file(path)) {
      if (!item.parents.empty()) {
        return fail("--config: " + path + ": [" + item.parents.front() + "]; allowed: no sections");
      }
      if (item.inputs.size() != 1) {
        return fail("--config: " + path + ": " + item.name + "; allowed: NAME = VALUE with one value");
      }
      keys[item.name] = item.inputs.front();
    }
  } catch (const CLI::Error&) {
    return fail("--config: cannot read " + path + "; allowed: a file of NAME = VALUE lines");
  }
  for (const auto& [name, text] : keys) {
    const auto is_it = [&](const Setting& setting) { return setting.name == name; };
    if (std::ranges::none_of(settings(), is_it) && std::ranges::none_of(later_settings(), is_it)) {
      return fail("--config: " + path + ": " + name +
                  " is no setting; allowed: the names of the flags in kvd --help");
    }
  }
  return std::nullopt;
}

Sourced resolve(const Setting& setting, const Texts& flags, const Texts& file) {
  if (const auto flag = flags.find(setting.name); flag != flags.end()) return {flag->second, "flag"};
  const char* variable = std::getenv(environment_name(setting.name).c_str());
  if (variable != nullptr) return {variable, "environment"};
  if (const auto key = file.find(setting.name); key != file.end()) return {key->second, "file"};
  return {std::string(setting.default_text), "default"};
}

std::string complaint(const Setting& setting, const Sourced& value) {
  std::string from;
  if (value.source == "environment") from = " (from " + environment_name(setting.name) + ")";
  if (value.source == "file") from = " (from the config file)";
  return one_line("--" + std::string(setting.name) + ": bad value \"" + value.text + "\"" + from +
                  "; allowed: " + setting.allowed());
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
  if (flags.version) return {CommandLine::Action::kPrint, "kvd " FLASHKV_VERSION "\n", {}, {}};
  if (flags.config_file.empty()) {
    if (const char* path = std::getenv("FLASHKV_CONFIG")) flags.config_file = path;
  }
  Texts file;
  if (auto failed = read_file(flags.config_file, file)) return std::move(*failed);

  CommandLine line;
  for (const auto& table : {settings(), later_settings()}) {
    for (const Setting& setting : table) {
      Sourced value = resolve(setting, flags.given, file);
      if (!setting.apply(value.text, line.config)) return fail(complaint(setting, value));
      line.values.push_back({std::string(setting.name), std::move(value.text), std::move(value.source)});
    }
  }
  if (std::string why = conflict(line.config); !why.empty()) return fail(std::move(why));
  if (flags.print_config) {
    line.action = CommandLine::Action::kPrint;
    line.text = listing(line.values);
  }
  return line;
}

}  // namespace flashkv
