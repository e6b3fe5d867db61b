// kvd's log: a few lines at start, at stop and when something needs an operator. Never keys or values.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace flashkv::log {

enum class Level : std::uint8_t { kDebug, kInfo, kWarning, kError, kOff };
enum class Format : std::uint8_t { kText, kJson };

// Names that --log-level takes: debug, info, warning, error, off.
std::optional<Level> parse_level(std::string_view name);
std::string_view name(Level level);

struct Field {
  std::string_view name;
  std::string value;
};

// Lines go to standard error. Called once, before other threads log.
void start(Level level, Format format);
void set_level(Level level);
Level level();

// Usage:   log::write(log::Level::kInfo, "serving", {{"listen", address}});
//          text: 2026-01-31T12:00:00.123Z info serving listen=127.0.0.1:7400
//          json: {"time":"2026-01-31T12:00:00.123Z","level":"info","message":"serving","listen":"..."}
// Threads: any. Never on the path of a request.
void write(Level level, std::string_view message, std::initializer_list<Field> fields = {});

// The text as the inside of a JSON string; bytes that are not UTF-8 become U+FFFD.
std::string json_escaped(std::string_view text);

}  // namespace flashkv::log
