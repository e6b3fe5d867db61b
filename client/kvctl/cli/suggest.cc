#include "client/kvctl/cli/suggest.h"

#include <algorithm>
#include <cctype>
#include <sstream>

namespace flashkv::kvctl {
namespace {

// A word of another program, and what it is here. Of several lines for one word the first whose command and
// flags exist counts; lines of two words come before those of one.
struct Foreign {
  std::string_view theirs, ours;
};
constexpr Foreign kForeign[] = {
    {"--latency", "top"},
    {"--stat", "top"},
    {"endpoint health", "health"},
    {"endpoint status", "stats"},
    {"lease grant", "put --ttl"},
    {"lease keep-alive", "put --keepalive"},
    {"lease timetolive", "ttl"},
    {"snapshot restore", "restore"},
    {"snapshot status", "verify"},
    {"auth", "token"},
    {"benchmark", "bench"},
    {"bgsave", "backup"},
    {"cat", "get"},
    {"check", "bench"},
    {"dbsize", "count"},
    {"dbsize", "stats"},
    {"decr", "incr"},
    {"decrby", "incr"},
    {"delete", "del"},
    {"dir", "keys"},
    {"dump", "export"},
    {"exec", "txn"},
    {"exists", "get --keys-only"},
    {"expireat", "expire"},
    {"find", "scan"},
    {"flushall", "del --all"},
    {"flushdb", "del --all"},
    {"getdel", "del --prev"},
    {"getset", "put --prev"},
    {"htop", "top"},
    {"incrby", "incr"},
    {"info", "stats"},
    {"keys", "scan"},
    {"latency", "top"},
    {"lease", "put --ttl"},
    {"list", "keys"},
    {"list", "scan"},
    {"load", "import"},
    {"ls", "keys"},
    {"ls", "scan"},
    {"member", "health"},
    {"monitor", "top"},
    {"mset", "import"},
    {"multi", "txn"},
    {"persist", "expire KEY 0"},
    {"pexpire", "expire"},
    {"ping", "health"},
    {"psetex", "put --ttl"},
    {"psubscribe", "watch"},
    {"pttl", "ttl"},
    {"remove", "del"},
    {"repl", "shell"},
    {"rm", "del"},
    {"role", "token"},
    {"save", "backup"},
    {"set", "put"},
    {"setex", "put --ttl"},
    {"setnx", "put --if-absent"},
    {"snapshot", "backup"},
    {"status", "stats"},
    {"strlen", "get"},
    {"subscribe", "watch"},
    {"transaction", "txn"},
    {"unlink", "del"},
    {"user", "token"},
    {"write", "put"},
};

// What etcdctl's flags and redis-cli's words after a command are here, for commands that both have.
struct ForeignArgument {
  std::string_view command, theirs, ours;
};
constexpr ForeignArgument kForeignArguments[] = {
    {"del", "--from-key", "del --range KEY ''"},
    {"get", "--count-only", "count"},
    {"get", "--from-key", "scan --range KEY ''"},
    {"get", "--limit", "scan --limit"},
    {"get", "--order", "scan --reverse"},
    {"get", "--prefix", "scan --prefix"},
    {"put", "--ignore-lease", "put --keep-ttl"},
    {"put", "--lease", "put --ttl"},
    {"put", "ex", "put --ttl"},
    {"put", "get", "put --prev"},
    {"put", "keepttl", "put --keep-ttl"},
    {"put", "nx", "put --if-absent"},
    {"put", "px", "put --ttl"},
    {"put", "xx", "put --if-present"},
    {"scan", "--count-only", "count"},
    {"watch", "--rev", "watch --from"},
};

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

std::vector<std::string> commands_of(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; }))
    names.push_back(command->get_name());
  return names;
}

// Whether `app` has the command, and the command the flags, of a line such as "put --ttl".
bool has(const CLI::App& app, std::string_view line) {
  std::istringstream words{std::string(line)};
  std::string word;
  words >> word;
  const CLI::App* command = nullptr;
  for (const CLI::App* each : app.get_subcommands([](const CLI::App*) { return true; }))
    if (each->get_name() == word) command = each;
  while (command != nullptr && words >> word)
    if (word.starts_with("--") && command->get_option_no_throw(word) == nullptr) return false;
  return command != nullptr;
}

}  // namespace

std::size_t typing_errors(std::string_view from, std::string_view to) {
  // Rows of the table of distances between prefixes: the one before last, the last and the current one.
  std::vector<std::size_t> before(to.size() + 1), last(to.size() + 1), row(to.size() + 1);
  for (std::size_t j = 0; j <= to.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= from.size(); ++i) {
    before.swap(last);
    last.swap(row);
    row[0] = i;
    for (std::size_t j = 1; j <= to.size(); ++j) {
      const std::size_t replaced = last[j - 1] + (from[i - 1] == to[j - 1] ? 0 : 1);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, replaced});
      if (i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1])
        row[j] = std::min(row[j], before[j - 2] + 1);
    }
  }
  return row[to.size()];
}

std::string nearest(std::string_view word, const std::vector<std::string>& candidates) {
  constexpr std::size_t kLongest = 64, kShortestBeginning = 3, kLettersPerError = 3;
  if (word.size() > kLongest) return "";
  const std::string typed = lower(word);
  std::string found;
  std::size_t fewest = std::max<std::size_t>(1, typed.size() / kLettersPerError) + 1;
  for (const std::string& candidate : candidates) {
    const std::size_t errors = typing_errors(typed, candidate);
    // A word that shares nothing with the candidate is not a misspelling of it.
    if (errors >= fewest || errors >= std::max(typed.size(), candidate.size())) continue;
    fewest = errors;
    found = candidate;
  }
  if (!found.empty() || typed.size() < kShortestBeginning) return found;
  const auto begins = [&typed](const std::string& candidate) { return candidate.starts_with(typed); };
  if (std::count_if(candidates.begin(), candidates.end(), begins) != 1) return "";
  return *std::find_if(candidates.begin(), candidates.end(), begins);
}

std::string command_like(std::span<const std::string> words, const CLI::App& app) {
  if (words.empty()) return "";
  const std::string one = lower(words[0]);
  const std::string two = words.size() > 1 ? one + " " + lower(words[1]) : "";
  for (const auto& [theirs, ours] : kForeign)
    if ((theirs == one || theirs == two) && has(app, ours)) return std::string(ours);
  return nearest(words[0], commands_of(app));
}

std::string argument_like(std::string_view command, std::string_view word, const CLI::App& app) {
  const std::string typed = lower(word);
  for (const auto& [to, theirs, ours] : kForeignArguments)
    if (to == command && theirs == typed && has(app, ours)) return std::string(ours);
  return "";
}

std::vector<std::string> flags_of(const CLI::App& app) {
  std::vector<std::string> flags;
  for (const CLI::Option* option : app.get_options())
    for (const std::string& name : option->get_lnames()) flags.push_back("--" + name);
  return flags;
}

}  // namespace flashkv::kvctl
