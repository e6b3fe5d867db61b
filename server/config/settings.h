// The table of kvd's settings: names, defaults, allowed values and how each text becomes a value.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "server/config/config.h"

namespace flashkv {

// Purpose: one setting. It is at once a flag (--name), an environment variable (FLASHKV_NAME) and a key in
//          the config file.
struct Setting {
  std::string_view name;
  std::string_view default_text;
  std::string (*allowed)();  // completes "allowed: "
  std::string_view help;
  // False: the text is not allowed and `config` is unchanged.
  bool (*apply)(std::string_view text, Config& config);
  bool is_switch = false;  // the flag alone means true
};

std::span<const Setting> settings();

inline constexpr std::string_view kVariablePrefix = "FLASHKV_";

// "publish-interval" -> "FLASHKV_PUBLISH_INTERVAL".
std::string environment_name(std::string_view setting);

// Checks that concern more than one setting: empty, or one line naming the flags.
std::string conflict(const Config& config);

// True for 127.0.0.0/8, ::1, localhost and unix sockets: addresses that only this machine reaches.
bool is_loopback(std::string_view listen);

}  // namespace flashkv
