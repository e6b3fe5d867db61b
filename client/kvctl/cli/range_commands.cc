// scan, keys, count and export, and how del takes a range.
#include <string>
#include <vector>

#include "client/kvctl/cli/command_flags.h"
#include "client/kvctl/cli/flags.h"
#include "client/kvctl/cli/words.h"

namespace flashkv::kvctl {
namespace {

// The whole range in one option, so that neither end can be forgotten.
CLI::Option* add_range(CLI::App& sub, client::KeyRange& range, bool* chosen = nullptr) {
  return sub
      .add_option_function<std::vector<std::string>>(
          "--range",
          [&range, chosen](const std::vector<std::string>& ends) {
            range.start = unmarked(ends[0]);
            range.end = unmarked(ends[1]);
            if (!range.end.empty() && range.start >= range.end)
              throw CLI::ValidationError("--range", "the second key must be above the first");
            if (chosen != nullptr) *chosen = true;
          },
          "keys from the first up to but not including the second; '' = to the last key")
      ->type_name("FIRST END")
      ->expected(2);
}

CLI::App* add_reader(CLI::App& app, Settings& s, const std::string& name, const std::string& help,
                     Command command) {
  CLI::App* sub = add_command(app, name, help, s, command);
  auto* prefix =
      sub->add_option("prefix,--prefix", s.scan.range.prefix, "keys that begin with this; none = all keys");
  add_range(*sub, s.scan.range)->excludes(prefix);
  sub->add_option("--at-least-revision", s.scan.options.at_least_revision,
                  "wait until the server has published this revision")
      ->check(decimal);
  return sub;
}

void add_order(CLI::App& sub, Settings& s) {
  sub.add_option("--limit", s.scan.options.limit, "print so many at most")->check(decimal)->check(not_zero);
  sub.add_flag("--reverse", s.scan.options.reverse, "from the last key to the first");
}

void add_export(CLI::App& app, Settings& s) {
  CLI::App* sub =
      add_command(app, "export", "write keys and values to a file that import reads", s, Command::kExport);
  sub->add_option("file", s.exported.file, "the file; - is standard output")
      ->type_name(kFile)
      ->capture_default_str();
  auto* prefix = sub->add_option("--prefix", s.exported.range.prefix, "only keys that begin with this");
  add_range(*sub, s.exported.range)->excludes(prefix);
  add_choice(*sub, "--format", s.exported.format, record_formats(),
             "as import reads it; auto goes by the file's name");
}

}  // namespace

void add_range_commands(CLI::App& app, Settings& s) {
  CLI::App* scan = add_reader(app, s, "scan",
                              "print keys and values in order, all from one revision; exit code 1 if there "
                              "are none",
                              Command::kScan);
  add_order(*scan, s);
  scan->add_flag("--keys-only", s.scan.options.keys_only, "print keys without values");
  CLI::App* keys =
      add_reader(app, s, "keys", "print keys in order; exit code 1 if there are none", Command::kKeys);
  add_order(*keys, s);
  add_reader(app, s, "count", "print how many keys there are; exit code 1 if there are none",
             Command::kCount);
  add_export(app, s);
}

void add_del_range(CLI::App& sub, CLI::Option& keys, Settings& s) {
  DelRangeSettings& del = s.del_range;
  auto* prefix = sub.add_option_function<std::string>(
      "--prefix",
      [&del](const std::string& text) {
        del.range.prefix = unmarked(text);
        if (del.range.prefix.empty())
          throw CLI::ValidationError("--prefix", "empty; --all deletes every key");
        del.chosen = true;
      },
      "delete all keys that begin with this, 10,000 at most");
  auto* range = add_range(sub, del.range, &del.chosen);
  auto* all = sub.add_flag("--all", del.all, "delete every key, in steps; needs --yes");
  auto* yes = sub.add_flag("--yes", del.yes, "with --all: yes, every key")->needs(all);
  auto* limit = sub.add_option("--limit", del.limit,
                               "with --prefix or --range: delete so many at most, in steps of 10,000");
  limit->check(decimal)->check(not_zero);
  keys.excludes(prefix)->excludes(range)->excludes(all);
  prefix->excludes(range)->excludes(all);
  range->excludes(all);
  limit->excludes(all)->excludes(&keys);
  sub.parse_complete_callback([&del, &keys, prefix, range, all, yes, limit] {
    if (!all->empty() && yes->empty())
      throw CLI::RequiredError("--all deletes every key; to confirm that, --yes");
    if (keys.empty() && prefix->empty() && range->empty() && all->empty())
      throw CLI::RequiredError("a key, --prefix, --range or --all");
    if (!limit->empty() && !del.chosen) throw CLI::RequiredError("--limit: --prefix or --range");
  });
}

}  // namespace flashkv::kvctl
