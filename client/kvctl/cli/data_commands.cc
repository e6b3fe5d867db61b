#include "client/kvctl/cli/command_flags.h"
#include "client/kvctl/cli/flags.h"

namespace flashkv::kvctl {
namespace {

constexpr const char* kKeysHelp = "one or more keys";
constexpr const char* kAckHelp = "state a mutation must reach before it is answered";

void add_reads(CLI::App& app, Settings& s) {
  for (const bool many : {false, true}) {
    CLI::App* sub =
        many ? add_command(app, "mget",
                           "print the keys that exist and their values, all from one revision; exit code 1 "
                           "if any is missing",
                           s, Command::kMget)
             : add_command(app, "get", "print the value of a key; exit code 1 if there is no such key", s,
                           Command::kGet);
    auto* keys = sub->add_option("key", s.read.keys, many ? kKeysHelp : "the key")->required();
    if (!many) keys->expected(1);
    if (!many) sub->add_flag("--print-key", s.read.print_key, "print the key, then the value");
    sub->add_flag("--keys-only", s.read.options.keys_only, "print keys without values");
    sub->add_option("--at-least-revision", s.read.options.at_least_revision,
                    "wait until the server has published this revision")
        ->check(decimal);
  }
}

void add_put(CLI::App& app, Settings& s) {
  CLI::App* sub = add_command(app, "put", "write a key", s, Command::kPut);
  PutSettings& put = s.put;
  sub->add_option("key", put.key, "the key")->required();
  auto* value = sub->add_option("value", put.value, "the value; - reads standard input");
  auto* file = sub->add_option("--file", put.file, "read the value from a file")->excludes(value);
  auto* ttl = add_duration(
      *sub, "--ttl", [&put](auto us) { put.options.ttl_ms = whole_ms(us).count(); },
      "expire the key after this time, rounded up to milliseconds; 0 = never");
  sub->add_flag("--keep-ttl", put.options.keep_ttl, "keep the key's current expiry")->excludes(ttl);
  auto* absent = sub->add_flag_callback(
      "--if-absent", [&put] { put.options.condition = client::Condition::kIfAbsent; },
      "write only if the key does not exist");
  sub->add_flag_callback(
         "--if-present", [&put] { put.options.condition = client::Condition::kIfPresent; },
         "write only if the key exists")
      ->excludes(absent);
  sub->add_option_function<std::uint64_t>(
         "--expect-revision", [&put](const std::uint64_t& r) { put.options.expected_mod_revision = r; },
         "write only if the key was last changed at this revision; 0 = only if it does not exist")
      ->check(decimal);
  sub->add_flag("--prev", put.options.prev_kv, "print the previous value");
  add_ack(*sub, put.options.ack, kAckHelp);
  sub->parse_complete_callback([value, file] {
    if (value->empty() && file->empty()) throw CLI::RequiredError("a value, - for standard input, or --file");
  });
}

void add_del(CLI::App& app, Settings& s) {
  CLI::App* sub = add_command(app, "del", "delete keys and print how many existed", s, Command::kDel);
  sub->add_option("key", s.del.keys, kKeysHelp)->required();
  sub->add_flag("--prev", s.del.prev_kv, "print the deleted values");
  add_ack(*sub, s.del.ack, kAckHelp);
}

void add_import(CLI::App& app, Settings& s) {
  CLI::App* sub = add_command(app, "import", "write the records of a file", s, Command::kImport);
  ImportSettings& import = s.import;
  sub->add_option("file", import.file, "the file; - is standard input")->capture_default_str();
  sub->add_option("--format", import.format,
                  "jsonl: one {\"key\",\"value\"} or {\"key_b64\",\"value_b64\"} per line")
      ->check(CLI::IsMember({"jsonl"}))
      ->capture_default_str();
  sub->add_flag("--skip-bad", import.skip_bad, "report bad lines and continue");
  sub->add_option("--batch", import.batch, "records per request; each request is atomic")
      ->check(decimal)
      ->check(CLI::Range(1, 10'000))
      ->capture_default_str();
  sub->add_option("--window", import.window, "unanswered requests at most")
      ->check(decimal)
      ->check(CLI::Range(1, 1'000))
      ->capture_default_str();
  add_ack(*sub, import.ack, "state a request must reach before it counts as imported");
}

}  // namespace

void add_data_commands(CLI::App& app, Settings& settings) {
  add_reads(app, settings);
  add_put(app, settings);
  add_del(app, settings);
  add_import(app, settings);
}

}  // namespace flashkv::kvctl
