// kvd's log: a few lines at start, at stop, and when an operator should know. Never keys or values.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace flashkv::log {

enum class Level : std::uint8_t { kDebug, kInfo, kWarning, kError, kOff };
enum class Format : std::uint8_t { kText, kJson };

// The values of --log-level.
inline constexpr std::string_view kLevelNames = "debug, info, warning, error or off";
std::optional<Level> parse_level(std::string_view name);
std::string_view name(Level level);

struct Field {
  std::string_view name;
  std::string value;
};

// Lines go to standard error. Called once, before other threads log.
void start(Level level, Format format);
void set_level(Level level);
// Sets it while the program runs, and returns the level until then. Logs a change at info, whatever the
// levels are, so that even a change to `off` is confirmed.
// Threads: any.
Level change_level(Level to);
Level level();

// Usage:   log::write(log::Level::kInfo, "serving", {{"listen", address}});
//          text: 2026-01-31T12:00:00.123Z info serving listen=127.0.0.1:7400
//          json: {"time":"2026-01-31T12:00:00.123Z","level":"info","message":"serving","listen":"..."}
// Threads: any. Not for use on a request's path.
void write(Level level, std::string_view message, std::initializer_list<Field> fields = {});

// Escapes `text` for use inside a JSON string; each byte that is not valid UTF-8 becomes U+FFFD.
std::string json_escaped(std::string_view text);

}  // namespace flashkv::log
