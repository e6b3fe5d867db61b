// The table of kvd's settings.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "server/config/config.h"

namespace flashkv {

// Purpose: one setting: a flag (--name), an environment variable (FLASHKV_NAME) and a key in the config file.
struct Setting {
  std::string_view name;
  std::string_view default_text;
  std::string (*allowed)();  // follows "allowed: " in an error
  std::string_view help;
  // Returns false, and leaves `config` unchanged, if the text is not allowed.
  bool (*apply)(std::string_view text, Config& config);
  bool is_switch = false;  // the flag alone means true
};

std::span<const Setting> settings();

inline constexpr std::string_view kVariablePrefix = "FLASHKV_";

// "publish-interval" -> "FLASHKV_PUBLISH_INTERVAL".
std::string environment_name(std::string_view setting);

// Checks that involve more than one setting. Returns an empty string, or one line naming the flags.
std::string conflict(const Config& config);

// True for 127.0.0.0/8, ::1, localhost and unix sockets: addresses that only this machine can reach.
bool is_loopback(std::string_view listen);

}  // namespace flashkv
