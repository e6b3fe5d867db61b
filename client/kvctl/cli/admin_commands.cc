#include "client/kvctl/cli/command_flags.h"
#include "client/kvctl/cli/flags.h"

namespace flashkv::kvctl {

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
  CLI::App* health = add_command(app, "health", "print the server's health; exit code 0 if it is serving", s,
                                 Command::kHealth);
  health->add_option("service", s.health_service, "full name of a service; none = the whole server");
  add_command(app, "version", "print the versions of kvctl and of the server", s, Command::kVersion);
}

}  // namespace flashkv::kvctl
