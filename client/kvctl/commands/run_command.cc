#include <array>
#include <fstream>
#include <utility>

#include "client/kvctl/commands.h"
#include "client/kvctl/exit_code.h"

namespace flashkv::kvctl {
namespace {

constexpr std::array<std::pair<Command, int (*)(client::Client&, const Settings&)>, 25> kCommands{{
    {Command::kGet, run_get},
    {Command::kMget, run_mget},
    {Command::kPut, run_put},
    {Command::kDel, run_del},
    {Command::kExpire, run_expire},
    {Command::kTtl, run_ttl},
    {Command::kIncr, run_incr},
    {Command::kAppend, run_append},
    {Command::kTxn, run_txn},
    {Command::kWatch, run_watch},
    {Command::kImport, run_import},
    {Command::kScan, run_scan},
    {Command::kKeys, run_keys},
    {Command::kCount, run_count},
    {Command::kExport, run_export},
    {Command::kBench, run_bench},
    {Command::kStats, run_stats},
    {Command::kPublishPolicy, run_publish_policy},
    {Command::kPublish, run_publish},
    {Command::kSlowlog, run_slowlog},
    {Command::kLogLevel, run_log_level},
    {Command::kHealth, run_health},
    {Command::kVersion, run_version},
    {Command::kShell, run_shell},
    {Command::kTop, run_top},
}};

// Reads the first line: the newline that editors add is not part of the token.
bool read_token(const std::string& path, std::string& token) {
  std::ifstream file(path);
  if (!file || !std::getline(file, token)) return false;
  while (!token.empty() && (token.back() == '\r' || token.back() == ' ')) token.pop_back();
  return !token.empty();
}

}  // namespace

int run_command(const Settings& settings) {
  client::ClientOptions options{.endpoint = settings.endpoint,
                                .timeout = settings.timeout,
                                .ca_file = settings.ca_file,
                                .cert_file = settings.cert_file,
                                .key_file = settings.key_file,
                                .token = {}};
  if (!settings.token_file.empty() && !read_token(settings.token_file, options.token)) {
    complain("cannot read a token from " + settings.token_file +
             "; --token-file must name a file with one line");
    return kUsage;
  }
  auto client = client::Client::open(options);
  if (!client) return fail(client.error(), settings);
  Settings complete = settings;
  complete.endpoint = client->options().endpoint;
  return run_with(*client, complete);
}

int run_with(client::Client& client, const Settings& settings) {
  for (const auto& [command, run] : kCommands)
    if (command == settings.command) return run(client, settings);
  return kUsage;
}

}  // namespace flashkv::kvctl
