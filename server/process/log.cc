#include "server/process/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <memory>
#include <mutex>
#include <utility>

namespace flashkv::log {
namespace {

struct Named {
  std::string_view name;
  Level level;
  spdlog::level::level_enum native;
};
constexpr std::array<Named, 5> kLevels{{{"debug", Level::kDebug, spdlog::level::debug},
                                        {"info", Level::kInfo, spdlog::level::info},
                                        {"warning", Level::kWarning, spdlog::level::warn},
                                        {"error", Level::kError, spdlog::level::err},
                                        {"off", Level::kOff, spdlog::level::off}}};

struct Destination {
  std::shared_ptr<spdlog::logger> logger;
  Format format = Format::kText;
};

Destination& destination() {
  static Destination to;
  return to;
}

const Named& named(Level level) { return kLevels[static_cast<std::size_t>(level)]; }

std::string as_text(std::string_view message, std::initializer_list<Field> fields) {
  std::string line(message);
  for (const Field& field : fields) {
    line.append(" ").append(field.name).append("=");
    const bool quote = field.value.empty() || field.value.find_first_of(" \"\n\r\t\\") != std::string::npos;
    if (quote) {
      line.append("\"").append(json_escaped(field.value)).append("\"");
    } else {
      line.append(field.value);
    }
  }
  return line;
}

std::string as_json(std::string_view message, std::initializer_list<Field> fields) {
  std::string line = "\"message\":\"" + json_escaped(message) + "\"";
  for (const Field& field : fields) {
    line.append(",\"").append(json_escaped(field.name)).append("\":\"");
    line.append(json_escaped(field.value)).append("\"");
  }
  return line;
}

}  // namespace

std::optional<Level> parse_level(std::string_view name) {
  for (const Named& known : kLevels) {
    if (known.name == name) return known.level;
  }
  return std::nullopt;
}

std::string_view name(Level level) { return named(level).name; }

void start(Level level, Format format) {
  auto sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
  auto logger = std::make_shared<spdlog::logger>("kvd", std::move(sink));
  constexpr auto kUtc = spdlog::pattern_time_type::utc;
  if (format == Format::kJson) {
    logger->set_pattern(R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})", kUtc);
  } else {
    logger->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %v", kUtc);
  }
  logger->flush_on(spdlog::level::debug);
  logger->set_level(named(level).native);
  destination() = {std::move(logger), format};
}

void set_level(Level level) {
  if (destination().logger) destination().logger->set_level(named(level).native);
}

Level change_level(Level to) {
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  const Level from = level();
  if (from == to) return from;
  set_level(std::min({from, to, Level::kInfo}));
  write(Level::kInfo, "log level changed",
        {{"from", std::string(name(from))}, {"to", std::string(name(to))}});
  set_level(to);
  return from;
}

Level level() {
  if (!destination().logger) return Level::kOff;
  for (const Named& known : kLevels) {
    if (known.native == destination().logger->level()) return known.level;
  }
  return Level::kOff;
}

void write(Level level, std::string_view message, std::initializer_list<Field> fields) {
  const Destination& to = destination();
  if (!to.logger || !to.logger->should_log(named(level).native)) return;
  const std::string line = to.format == Format::kJson ? as_json(message, fields) : as_text(message, fields);
  to.logger->log(named(level).native, spdlog::string_view_t(line.data(), line.size()));
}

}  // namespace flashkv::log
