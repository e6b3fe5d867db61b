#include "client/kvctl/cli.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>

#include "client/kvctl/exit_code.h"
#include "client/kvctl/text.h"

namespace flashkv::kvctl {
namespace {

const std::map<std::string, Format> kFormats{
    {"simple", Format::kSimple}, {"table", Format::kTable}, {"json", Format::kJson}};
const std::map<std::string, client::Ack> kAcks{{"published", client::Ack::kPublished},
                                               {"applied", client::Ack::kApplied},
                                               {"durable", client::Ack::kDurable}};
const std::map<std::string, Distribution> kDistributions{{"uniform", Distribution::kUniform},
                                                         {"zipf", Distribution::kZipf}};

constexpr const char* kKeysHelp = "one or more keys";

// CLI11's transformer names numbers in its complaint; this one names the words.
template <typename T>
CLI::Option* add_choice(CLI::App& app, const std::string& name, T& to,
                        const std::map<std::string, T>& choices, const std::string& help) {
  std::string words;
  for (const auto& [word, value] : choices) words += (words.empty() ? "" : ", ") + word;
  return app.add_option_function<std::string>(
      name,
      [&to, &choices, name, words](const std::string& word) {
        const auto found = choices.find(word);
        if (found == choices.end()) throw CLI::ValidationError(name, "\"" + word + "\" is none of " + words);
        to = found->second;
      },
      help + " (" + words + ")");
}

// CLI11's own checks name the largest number of the type.
std::string not_zero(const std::string& text) { return text == "0" ? "must be more than 0" : ""; }
std::string not_negative(const std::string& text) {
  return text.starts_with('-') ? "must not be negative" : "";
}

// The library would take "-1" for the largest number and "010" for 8.
std::string decimal(const std::string& text) {
  const bool digits = !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
  return digits && (text == "0" || text[0] != '0') ? "" : "\"" + text + "\" is not a whole number";
}

// The library takes "[a,b]" among several values for two of them: such a key goes past it behind this byte,
// and so does one that begins with it.
constexpr char kKeyMark = '\x1f';

std::vector<std::string> marked(int argc, char** argv) {
  std::vector<std::string> words(argv, argv + argc);
  const auto takes_keys = [](const std::string& w) { return w == "get" || w == "mget" || w == "del"; };
  const auto command = std::find_if(words.begin(), words.end(), takes_keys);
  if (command == words.end()) return words;
  for (auto word = command + 1; word != words.end(); ++word) {
    if (word->starts_with(kKeyMark) || (word->starts_with('[') && word->ends_with(']')))
      word->insert(0, 1, kKeyMark);
  }
  return words;
}

void unmark(std::vector<std::string>& keys) {
  for (std::string& key : keys) {
    if (key.starts_with(kKeyMark)) key.erase(0, 1);
  }
}

CLI::Option* add_duration(CLI::App& app, const std::string& name,
                          std::function<void(std::chrono::microseconds)> take, const std::string& help) {
  return app.add_option_function<std::string>(
      name,
      [take = std::move(take), name](const std::string& text) {
        const auto duration = parse_duration(text);
        if (!duration)
          throw CLI::ValidationError(name,
                                     "\"" + text + "\" is neither 0 nor a number with us, ms, s, m or h");
        take(*duration);
      },
      help);
}

std::chrono::milliseconds whole_ms(std::chrono::microseconds us) {
  return std::chrono::ceil<std::chrono::milliseconds>(us);
}

void add_globals(CLI::App& app, Settings& s) {
  app.add_option("--endpoint", s.endpoint, "server to talk to")
      ->envname("KVCTL_ENDPOINT")
      ->capture_default_str();
  app.add_option("--cacert", s.ca_file, "CA certificate (PEM); turns TLS on")->envname("KVCTL_CACERT");
  app.add_option("--cert", s.cert_file, "client certificate (PEM)")->envname("KVCTL_CERT");
  app.add_option("--key", s.key_file, "the client certificate's key (PEM)")->envname("KVCTL_KEY");
  app.add_option("--token-file", s.token_file, "file with the token to send")->envname("KVCTL_TOKEN_FILE");
  add_duration(
      app, "--timeout",
      [&s](auto us) {
        if (us.count() == 0) throw CLI::ValidationError("--timeout", "must be more than 0");
        s.timeout = whole_ms(us);
      },
      "longest wait for one answer [5s]")
      ->envname("KVCTL_TIMEOUT");
  add_choice(app, "-w,--write-out", s.format, kFormats, "form of the output")->envname("KVCTL_WRITE_OUT");
  app.add_flag("--utf8", s.utf8, "json: bytes as text where they are valid UTF-8")->envname("KVCTL_UTF8");
  app.add_flag("-q,--quiet", s.quiet, "no progress")->envname("KVCTL_QUIET");
}

CLI::App* add_command(CLI::App& app, const std::string& name, const std::string& help, Settings& s,
                      Command c) {
  CLI::App* sub = app.add_subcommand(name, help);
  sub->fallthrough();
  sub->callback([&s, c] { s.command = c; });
  return sub;
}

void add_reads(CLI::App& app, Settings& s) {
  for (const bool many : {false, true}) {
    CLI::App* sub = many ? add_command(app, "mget", "print many keys and their values, all of one moment", s,
                                       Command::kMget)
                         : add_command(app, "get", "print a key's value; exit code 1 when there is none", s,
                                       Command::kGet);
    auto* keys = sub->add_option("key", s.read.keys, many ? kKeysHelp : "the key")->required();
    if (!many) keys->expected(1);
    if (!many) sub->add_flag("--print-key", s.read.print_key, "print the key, then the value");
    sub->add_flag("--keys-only", s.read.options.keys_only, "print keys without values");
    sub->add_option("--at-least-revision", s.read.options.at_least_revision,
                    "wait until the server shows this revision")
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
      "forget the key after this time");
  sub->add_flag("--keep-ttl", put.options.keep_ttl, "keep the expiry that the key has")->excludes(ttl);
  auto* absent = sub->add_flag_callback(
      "--if-absent", [&put] { put.options.condition = client::Condition::kIfAbsent; }, "only a new key");
  sub->add_flag_callback(
         "--if-present", [&put] { put.options.condition = client::Condition::kIfPresent; }, "only an old key")
      ->excludes(absent);
  sub->add_option_function<std::uint64_t>(
         "--expect-revision", [&put](const std::uint64_t& r) { put.options.expected_mod_revision = r; },
         "only if the key was last changed at this revision; 0 = must not exist")
      ->check(decimal);
  sub->add_flag("--prev", put.options.prev_kv, "print what was there before");
  add_choice(*sub, "--ack", put.options.ack, kAcks, "when to answer");
  sub->parse_complete_callback([value, file] {
    if (value->empty() && file->empty()) throw CLI::RequiredError("a value, - for standard input, or --file");
  });
}

void add_del(CLI::App& app, Settings& s) {
  CLI::App* sub = add_command(app, "del", "delete keys and print how many there were", s, Command::kDel);
  sub->add_option("key", s.del.keys, kKeysHelp)->required();
  sub->add_flag("--prev", s.del.prev_kv, "print what was there");
  add_choice(*sub, "--ack", s.del.ack, kAcks, "when to answer");
}

void add_import(CLI::App& app, Settings& s) {
  CLI::App* sub = add_command(app, "import", "write the records of a file", s, Command::kImport);
  ImportSettings& import = s.import;
  sub->add_option("file", import.file, "the file; - is standard input")->capture_default_str();
  sub->add_option("--format", import.format,
                  "jsonl: {\"key\",\"value\"} or {\"key_b64\",\"value_b64\"} a line")
      ->check(CLI::IsMember({"jsonl"}))
      ->capture_default_str();
  sub->add_flag("--skip-bad", import.skip_bad, "report bad lines and go on");
  sub->add_option("--batch", import.batch, "records a request; each request is atomic")
      ->check(decimal)
      ->check(CLI::Range(1, 10'000))
      ->capture_default_str();
  sub->add_option("--window", import.window, "requests unanswered at once")
      ->check(decimal)
      ->check(CLI::Range(1, 1'000))
      ->capture_default_str();
  add_choice(*sub, "--ack", import.ack, kAcks, "when a request counts as done");
}

void take_mix(const std::string& text, BenchSettings& bench) {
  unsigned gets = 0;
  unsigned puts = 0;
  char rest = 0;
  const bool read = std::sscanf(text.c_str(), "%u:%u%c", &gets, &puts, &rest) == 2;
  if (!read || gets > 100 || puts > 100 || gets + puts != 100)
    throw CLI::ValidationError("--mix", "\"" + text + "\" is not GETS:PUTS in percent, such as 95:5");
  bench.get_percent = gets;
}

void add_bench(CLI::App& app, Settings& s) {
  CLI::App* sub = add_command(app, "bench", "put load on a server and print what it did", s, Command::kBench);
  BenchSettings& bench = s.bench;
  sub->add_option("-c,--clients", bench.clients, "threads")
      ->check(decimal)
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  sub->add_option("--streams", bench.streams, "calls in flight, each client")
      ->check(decimal)
      ->check(CLI::Range(1, 10'000))
      ->capture_default_str();
  sub->add_option("--connections", bench.connections, "connections, each client")
      ->check(decimal)
      ->check(CLI::Range(1, 1'000))
      ->capture_default_str();
  sub->add_option_function<std::string>(
      "--mix", [&bench](const std::string& text) { take_mix(text, bench); }, "GETS:PUTS in percent [100:0]");
  sub->add_option("--mget", bench.mget, "read this many keys a call with MultiGet; 0 = Get")
      ->check(decimal)
      ->check(CLI::Range(0, 10'000))
      ->capture_default_str();
  sub->add_option("--keys", bench.keys, "number of keys")
      ->check(decimal)
      ->check(CLI::Range(1ULL, 4'000'000'000ULL))
      ->capture_default_str();
  sub->add_option("--key-size", bench.key_size, "bytes")
      ->check(decimal)
      ->check(CLI::Range(1, 65'535))
      ->capture_default_str();
  sub->add_option("--value-size", bench.value_size, "bytes")
      ->check(decimal)
      ->check(CLI::Range(0, 1 << 30))
      ->capture_default_str();
  add_choice(*sub, "--dist", bench.distribution, kDistributions, "which keys; zipf has exponent 0.99");
  auto* requests = sub->add_option("-n,--requests", bench.requests, "requests in all")->check(decimal);
  add_duration(
      *sub, "-d,--duration", [&bench](auto us) { bench.duration = whole_ms(us); }, "how long [10s]")
      ->excludes(requests);
  sub->add_option("--rate", bench.rate, "requests a second in all; 0 = as fast as answers come")
      ->check(not_negative)
      ->capture_default_str();
  sub->add_flag_callback(
      "--no-load", [&bench] { bench.load = false; }, "do not write the keys first");
  sub->add_option("--seed", bench.seed, "of the choice of keys")->check(decimal)->capture_default_str();
  add_choice(*sub, "--ack", bench.ack, kAcks, "when a put is answered");
}

void add_admin(CLI::App& app, Settings& s) {
  add_command(app, "stats", "print the server's figures", s, Command::kStats);
  CLI::App* policy = add_command(app, "publish-policy", "print or change how often the server publishes", s,
                                 Command::kPublishPolicy);
  add_duration(
      *policy, "--interval", [&s](auto us) { s.policy.interval = us; },
      "least gap between two publishes; 0 = as soon as a batch is applied");
  policy->add_option("--max-batch", s.policy.max_batch, "operations a batch")
      ->check(decimal)
      ->check(not_zero);
  policy->add_option("--adaptive", s.policy.adaptive,
                     "true: an idle store publishes at once; false: on the tick");
  add_command(app, "publish", "publish what is applied, now; prints the revision", s, Command::kPublish);
  CLI::App* health =
      add_command(app, "health", "exit code 0 when the server is serving", s, Command::kHealth);
  health->add_option("service", s.health_service, "a service's full name; none = the server");
  add_command(app, "version", "print the versions of kvctl and of the server", s, Command::kVersion);
}

}  // namespace

std::optional<int> parse(int argc, char** argv, Settings& settings) {
  CLI::App app("kvctl: the command line of flashkv", "kvctl");
  app.set_version_flag("--version", std::string("kvctl ") + FLASHKV_VERSION);
  app.require_subcommand(1);
  app.footer(
      "Exit codes: 0 done, 1 no such key or condition not met, 2 bad usage or input, 3 server or\n"
      "network error, 4 denied, 5 timeout, 130 an import that was interrupted. Each global option is also "
      "read from KVCTL_<NAME>.");
  add_globals(app, settings);
  add_reads(app, settings);
  add_put(app, settings);
  add_del(app, settings);
  add_import(app, settings);
  add_bench(app, settings);
  add_admin(app, settings);
  const std::vector<std::string> words = marked(argc, argv);
  std::vector<const char*> pointers;
  for (const std::string& word : words) pointers.push_back(word.c_str());
  try {
    app.parse(argc, pointers.data());
    unmark(settings.read.keys);
    unmark(settings.del.keys);
  } catch (const CLI::Success& success) {
    return app.exit(success);
  } catch (const CLI::ParseError& error) {
    const bool unknown = app.get_subcommands().empty() && !app.remaining().empty();
    const std::string what =
        unknown ? "unknown command or option \"" + app.remaining().front() + "\"" : std::string(error.what());
    complain(what + "; see kvctl --help");
    return kUsage;
  }
  return std::nullopt;
}

}  // namespace flashkv::kvctl
