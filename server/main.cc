#ifdef FLASHKV_MIMALLOC
#include <mimalloc.h>
#endif

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "server/config/config.h"
#include "server/daemon.h"
#include "server/process/housekeeping.h"
#include "server/process/log.h"

namespace {

constexpr int kBadUsage = 2;
constexpr int kCannotServe = 3;

int fail(const std::string& why, int code) {
  std::fprintf(stderr, "kvd: %s\n", why.c_str());
  return code;
}

// mimalloc before 2.1 keeps freed segments for half a second and returns them only when something else is
// freed after that, so an idle server would hold on to the memory of deleted values.
void keep_no_freed_segments() {
#if defined(FLASHKV_MIMALLOC) && MI_MALLOC_VERSION < 210
  mi_option_set(mi_option_segment_decommit_delay, 0);
#endif
}

// Without this a misspelt variable goes unnoticed. Logs names only: a value may be a secret.
void warn_of_unknown(const std::vector<std::string>& variables) {
  if (variables.empty()) return;
  std::string names;
  for (const std::string& name : variables) names.append(names.empty() ? "" : " ").append(name);
  flashkv::log::write(flashkv::log::Level::kWarning, "unknown environment variables are ignored",
                      {{"names", names}});
}

// Reads the command line, the environment and the config file again, and applies the settings that may change
// while kvd runs. Logs this at the more verbose of the old and the new level, so that even a change to `off`
// is confirmed.
void reload(int argc, char** argv) {
  const flashkv::CommandLine line = flashkv::read_command_line(argc, argv);
  if (line.action == flashkv::CommandLine::Action::kFail) {
    flashkv::log::write(flashkv::log::Level::kError, "reload refused", {{"reason", line.text}});
    return;
  }
  flashkv::log::set_level(std::min(flashkv::log::level(), line.config.log_level));
  flashkv::log::write(flashkv::log::Level::kInfo, "reloaded",
                      {{"log_level", std::string(flashkv::log::name(line.config.log_level))}});
  flashkv::log::set_level(line.config.log_level);
}

std::string word(bool value) { return value ? "true" : "false"; }

std::string word(flashkv::ReadRmw rmw) {
  switch (rmw) {
    case flashkv::ReadRmw::kNone:
      return "none";
    case flashkv::ReadRmw::kOne:
      return "one";
    case flashkv::ReadRmw::kTwo:
      return "two";
    case flashkv::ReadRmw::kLock:
      return "lock";
  }
  return "unknown";
}

std::string storage_of(const flashkv::Config& config, const flashkv::StoreStats& stats) {
  if (!stats.journal.on) return "memory only, nothing survives a stop; to keep the data, --data-dir";
  return config.store.data_dir + ", revision " + std::to_string(stats.published_revision) + ", " +
         std::to_string(stats.engine.keys) + " keys";
}

void announce(const flashkv::Config& config, flashkv::Daemon& daemon) {
  const flashkv::StoreStats stats = daemon.store().stats();
  flashkv::log::write(flashkv::log::Level::kInfo, "engine",
                      {{"name", std::string(stats.traits.name)},
                       {"atomic_batch", word(stats.traits.atomic_batch)},
                       {"linearizable", word(stats.traits.linearizable)},
                       {"ordered", word(stats.traits.ordered)},
                       {"bounded_garbage", word(stats.traits.bounded_garbage)},
                       {"read_rmw", word(stats.traits.read_rmw)}});
  flashkv::log::write(flashkv::log::Level::kInfo, "serving",
                      {{"listen", daemon.address()},
                       {"engine", config.store.engine},
                       {"guard", stats.guard},
                       {"threads", std::to_string(config.threads)},
                       {"storage", storage_of(config, stats)}});
}

}  // namespace

int main(int argc, char** argv) {
  flashkv::hold_signals();
  keep_no_freed_segments();
  const flashkv::CommandLine line = flashkv::read_command_line(argc, argv);
  if (line.action == flashkv::CommandLine::Action::kFail) return fail(line.text, kBadUsage);
  if (line.action == flashkv::CommandLine::Action::kPrint) {
    return std::fputs(line.text.c_str(), stdout) < 0 ? kCannotServe : 0;
  }
  flashkv::log::start(line.config.log_level, line.config.log_format);
  warn_of_unknown(line.unknown_variables);
  flashkv::Housekeeping housekeeping([&] { reload(argc, argv); });
  flashkv::Daemon daemon(line.config);
  if (const flashkv::Status s = daemon.start(); !s.ok()) return fail(s.message, kCannotServe);
  announce(line.config, daemon);
  housekeeping.wait_for_stop();
  flashkv::log::write(flashkv::log::Level::kInfo, "draining");
  const bool clean = daemon.stop();
  flashkv::log::write(flashkv::log::Level::kInfo, "stopped", {{"clean", clean ? "true" : "false"}});
  return 0;
}
