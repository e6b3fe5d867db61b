#include "client/kvctl/cli/command_flags.h"
#include "client/kvctl/cli/flags.h"

namespace flashkv::kvctl {
namespace {

const std::map<std::string, std::string>& log_levels() {
  static const std::map<std::string, std::string> levels{
      {"debug", "debug"}, {"error", "error"}, {"info", "info"}, {"off", "off"}, {"warning", "warning"}};
  return levels;
}

// What redis-cli writes after slowlog, and what it is here.
std::string redis_word(const std::string& word) {
  if (word == "get") return "slowlog get N is kvctl slowlog --limit N";
  if (word == "reset") return "slowlog reset is kvctl slowlog --reset";
  if (word == "len") return "slowlog len: kvctl slowlog -w table tells how many there have been";
  return "slowlog takes no argument";
}

void add_slowlog(CLI::App& app, Settings& s) {
  CLI::App* log = add_command(app, "slowlog", "print the latest requests that took long, latest first", s,
                              Command::kSlowlog);
  log->add_option("--limit", s.slow_log.limit, "most entries; 0 = all that are kept")->check(decimal);
  log->add_flag("--reset", s.slow_log.reset, "forget all of them once they are printed");
  log->add_option_function<std::vector<std::string>>(
         "word", [](const auto& words) { throw CLI::ValidationError(redis_word(words.front())); })
      ->group("");
}

}  // namespace

namespace {

constexpr std::chrono::milliseconds kShortestInterval{100};
constexpr std::chrono::hours kLongestInterval{24};

void add_top(CLI::App& app, Settings& s) {
  CLI::App* top = add_command(
      app, "top",
      "show what the server is doing, live; q or Ctrl-C ends it. Without a terminal, or with -n, prints a "
      "block of lines every interval, or an object with -w json",
      s, Command::kTop);
  add_duration(
      *top, "--interval",
      [&s](auto us) {
        if (us < kShortestInterval || us > kLongestInterval)
          throw CLI::ValidationError("--interval", "must be from 100ms to 24h");
        s.top.interval = whole_ms(us);
      },
      "time between two looks; rates and latencies are of the last one [1s]");
  auto* count = top->add_option("-n,--count", s.top.count, "print this many blocks and end")
                    ->check(decimal)
                    ->check(not_zero);
  top->add_flag_callback(
         "--once", [&s] { s.top.count = 1; }, "print one block and end; as -n 1")
      ->excludes(count);
}

}  // namespace

void add_admin_commands(CLI::App& app, Settings& s) {
  add_command(app, "stats", "print the server's statistics", s, Command::kStats)
      ->add_flag("--raw", s.raw_stats, "one name and exact number a line, for scripts");
  add_top(app, s);
  CLI::App* policy = add_command(app, "publish-policy", "print or change how often the server publishes", s,
                                 Command::kPublishPolicy);
  add_duration(
      *policy, "--interval", [&s](auto us) { s.policy.interval = us; },
      "shortest time between publishes; 0 = publish after every batch");
  policy->add_option("--max-batch", s.policy.max_batch, "most operations in one batch")
      ->check(decimal)
      ->check(not_zero);
  policy->add_option("--adaptive", s.policy.adaptive,
                     "true: an idle store publishes at once; false: only when the interval ends");
  add_command(app, "publish", "publish everything applied so far and print the revision", s,
              Command::kPublish);
  add_slowlog(app, s);
  const std::map<std::string, std::string>& levels = log_levels();
  CLI::App* level = add_command(app, "log-level", "change what the server logs, until it stops or reloads", s,
                                Command::kLogLevel);
  add_choice(*level, "level", s.log_level, levels, "lowest severity that is logged")->required();
  CLI::App* health = add_command(app, "health", "print the server's health; exit code 0 if it is serving", s,
                                 Command::kHealth);
  health->add_option("service", s.health_service, "full name of a service; none = the whole server");
  add_command(app, "version", "print the versions of kvctl and of the server", s, Command::kVersion);
}

}  // namespace flashkv::kvctl
