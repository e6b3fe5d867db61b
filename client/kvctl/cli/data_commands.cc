#include <cstdint>
#include <optional>
#include <string>

#include "client/kvctl/cli/command_flags.h"
#include "client/kvctl/cli/examples.h"
#include "client/kvctl/cli/flags.h"
#include "client/kvctl/cli/words.h"

namespace flashkv::kvctl {
namespace {

constexpr const char* kKeyHelp = "the key";
constexpr const char* kKeysHelp = "one or more keys";
constexpr const char* kAckHelp = "state a mutation must reach before it is answered";

void add_reads(CLI::App& app, Settings& s, bool many) {
  CLI::App* sub =
      many ? add_command(app, "mget",
                         "print the keys that exist and their values, all from one revision; exit code 1 "
                         "if any is missing",
                         s, Command::kMget)
           : add_command(app, "get", "print the value of a key; exit code 1 if there is no such key", s,
                         Command::kGet);
  auto* keys = sub->add_option("key", s.read.keys, many ? kKeysHelp : kKeyHelp)->required();
  if (!many) keys->expected(1);
  if (!many) sub->add_flag("--print-key", s.read.print_key, "print the key, then the value");
  sub->add_flag("--keys-only", s.read.options.keys_only, "print keys without values");
  sub->add_option("--at-least-revision", s.read.options.at_least_revision,
                  "wait until the server has published this revision")
      ->check(decimal);
}

void add_ttl(CLI::App& app, Settings& s) {
  CLI::App* sub = add_command(
      app, "ttl", "print the time until a key expires, or never; exit code 1 if there is no such key", s,
      Command::kTtl);
  sub->add_option("key", s.read.keys, kKeyHelp)->required()->expected(1);
}

// The value as an argument or from a file; exactly one of them.
CLI::Option* add_value(CLI::App& sub, std::optional<std::string>& value, std::string& file,
                       const std::string& help) {
  auto* argument = sub.add_option("value", value, help + "; - reads standard input");
  auto* option =
      sub.add_option("--file", file, "read the value from a file")->type_name(kFile)->excludes(argument);
  sub.parse_complete_callback([argument, option] {
    if (argument->empty() && option->empty())
      throw CLI::RequiredError("a value, - for standard input, or --file");
  });
  return argument;
}

CLI::Option* add_ttl_flag(CLI::App& sub, std::int64_t& ttl_ms, const std::string& help) {
  return add_duration(
      sub, "--ttl", [&ttl_ms](auto us) { ttl_ms = whole_ms(us).count(); },
      help + ", rounded up to milliseconds; 0 = never");
}

// A shorter ttl may pass between two renewals.
constexpr std::chrono::seconds kShortestKept{1};

// Options are taken in the order of their definition: the ttl is known by then.
void add_keepalive(CLI::App& sub, PutSettings& put) {
  sub.add_flag_callback(
      "--keepalive",
      [&put] {
        if (std::chrono::milliseconds(put.options.ttl_ms) < kShortestKept)
          throw CLI::ValidationError("--keepalive", "needs a --ttl of at least 1s");
        put.keepalive = true;
      },
      "renew the ttl whenever a third of it has passed, until Ctrl-C; after that the key expires by itself. "
      "Exit code 1 when the key is gone or another client has put it");
}

void add_put(CLI::App& app, Settings& s) {
  CLI::App* sub = add_command(app, "put", "write a key", s, Command::kPut);
  PutSettings& put = s.put;
  sub->add_option("key", put.key, kKeyHelp)->required();
  add_value(*sub, put.value, put.file, "the value");
  auto* ttl = add_ttl_flag(*sub, put.options.ttl_ms, "expire the key after this time");
  add_keepalive(*sub, put);
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
}

void add_append(CLI::App& app, Settings& s) {
  CLI::App* sub =
      add_command(app, "append", "append to a value and print its new length", s, Command::kAppend);
  sub->add_option("key", s.append.key, "the key; it is created if there is none")->required();
  add_value(*sub, s.append.value, s.append.file, "the bytes to append");
  add_ack(*sub, s.append.ack, kAckHelp);
}

void add_expire(CLI::App& app, Settings& s) {
  CLI::App* sub = add_command(app, "expire", "set when a key expires; exit code 1 if there is no such key", s,
                              Command::kExpire);
  sub->add_option("key", s.expire.key, kKeyHelp)->required();
  add_duration(
      *sub, "ttl", [&s](auto us) { s.expire.ttl_ms = whole_ms(us).count(); },
      "expire the key after this time, rounded up to milliseconds; 0 = never")
      ->required();
  add_ack(*sub, s.expire.ack, kAckHelp);
}

CLI::Option* add_integer(CLI::App& sub, const std::string& name, std::int64_t& to, const std::string& help) {
  return sub.add_option_function<std::string>(
      name,
      [&to, name](const std::string& text) {
        const auto number = whole_number(unmarked(text));
        if (!number)
          throw CLI::ValidationError(name, "\"" + unmarked(text) + "\" is not a whole number of 64 bits");
        to = *number;
      },
      help);
}

void add_incr(CLI::App& app, Settings& s) {
  CLI::App* sub = add_command(app, "incr", "add to a number and print the result", s, Command::kIncr);
  sub->add_option("key", s.incr.key, "the key; it is created if there is none")->required();
  add_integer(*sub, "delta", s.incr.delta, "what to add; may be negative [1]");
  add_integer(*sub, "--initial", s.incr.options.initial, "what a key that does not exist counts as [0]");
  add_ttl_flag(*sub, s.incr.options.ttl_ms, "if the key is created, expire it after this time");
  add_ack(*sub, s.incr.options.ack, kAckHelp);
}

void add_txn(CLI::App& app, Settings& s) {
  CLI::App* sub = add_command(
      app, "txn", "apply operations together, depending on conditions; exit code 1 if one does not hold", s,
      Command::kTxn);
  sub->add_option("file", s.txn.file, "the script; - is standard input")
      ->type_name(kFile)
      ->capture_default_str();
  add_ack(*sub, s.txn.ack, kAckHelp);
  sub->footer(
      std::string(
          "The script has a line for each condition and operation, with the options of the command:\n"
          "  if\n"
          "    absent lock\n"
          "    mod config = 12\n"
          "  then\n"
          "    put lock me --ttl 30s\n"
          "  else\n"
          "    get lock\n"
          "Conditions: exists KEY, absent KEY, and value, version, create or mod KEY, one of = != < >, and\n"
          "what to compare with. Operations: get, put, del, expire, incr, append. Quote words that hold\n"
          "blanks; # begins a comment. Prints what each operation prints.\n\n") +
      examples_of("txn"));
}

void add_del(CLI::App& app, Settings& s) {
  CLI::App* sub = add_command(app, "del", "delete keys and print how many existed", s, Command::kDel);
  auto* keys = sub->add_option("key", s.del.keys, kKeysHelp);
  add_del_range(*sub, *keys, s);
  sub->add_flag("--prev", s.del.prev_kv, "print the deleted values");
  add_ack(*sub, s.del.ack, kAckHelp);
}

void add_import(CLI::App& app, Settings& s) {
  CLI::App* sub = add_command(app, "import", "write the records of a file", s, Command::kImport);
  ImportSettings& import = s.import;
  sub->add_option("file", import.file, "the file; - is standard input")
      ->type_name(kFile)
      ->capture_default_str();
  add_choice(*sub, "--format", import.format, record_formats(),
             "auto goes by the file's name: .csv, .tsv, .txt for lines (KEY VALUE), else jsonl");
  sub->add_option("--from-line", import.from_line,
                  "pass over the records before this line: goes on with an import that was stopped")
      ->check(decimal)
      ->check(not_zero);
  sub->add_flag("--skip-bad", import.skip_bad, "report bad lines and continue");
  sub->add_option("--batch", import.batch, "records per request; each request is atomic")
      ->check(decimal)
      ->check(CLI::Range(1, 10'000))
      ->capture_default_str();
  sub->add_option("--window", import.window, "most requests in flight")
      ->check(decimal)
      ->check(CLI::Range(1, 1'000))
      ->capture_default_str();
  add_ack(*sub, import.ack, "state a request must reach before it counts as imported");
}

}  // namespace

void add_operations(CLI::App& app, Settings& settings) {
  add_reads(app, settings, false);
  add_put(app, settings);
  add_del(app, settings);
  add_expire(app, settings);
  add_incr(app, settings);
  add_append(app, settings);
}

void add_data_commands(CLI::App& app, Settings& settings) {
  add_operations(app, settings);
  add_reads(app, settings, true);
  add_ttl(app, settings);
  add_txn(app, settings);
  add_import(app, settings);
  add_range_commands(app, settings);
}

}  // namespace flashkv::kvctl
