#include "client/kvctl/cli/command_flags.h"
#include "client/kvctl/cli/flags.h"

namespace flashkv::kvctl {

void add_watch(CLI::App& app, Settings& s) {
  CLI::App* sub = add_command(
      app, "watch", "print changes as they happen, until Ctrl-C; reconnects and goes on where it was", s,
      Command::kWatch);
  WatchSettings& watch = s.watch;
  auto* group = sub->add_option_group("keys", "which keys");
  group->add_option("key", watch.key, "the key");
  group->add_option("--prefix", watch.prefix, "all keys that begin with this");
  group->add_option("--range", watch.range, "all keys from the first on, up to but without the second")
      ->expected(2)
      ->type_name("FIRST LAST");
  group->add_flag("--all", watch.all, "all keys");
  group->require_option(1);
  sub->add_option("--from", watch.from, "begin with this revision, not with the next one")
      ->check(decimal)
      ->check(not_zero);
  sub->add_flag("--prev-kv", watch.prev_kv, "print the previous value, too");
  sub->add_option("--count", watch.count, "end after this many changes")->check(decimal)->check(not_zero);
}

}  // namespace flashkv::kvctl
