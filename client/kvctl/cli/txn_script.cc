#include "client/kvctl/cli/txn_script.h"

#include <cctype>
#include <charconv>
#include <map>
#include <sstream>
#include <utility>

#include "client/kvctl/cli/command_flags.h"
#include "client/kvctl/cli/words.h"
#include "client/kvctl/text.h"

namespace flashkv::kvctl {
namespace {

using client::Comparison;
using client::Target;

const std::map<std::string, Target> kTargets{{"value", Target::kValue},
                                             {"version", Target::kVersion},
                                             {"create", Target::kCreate},
                                             {"mod", Target::kMod}};
const std::map<std::string, Comparison> kComparisons{{"=", Comparison::kEqual},
                                                     {"!=", Comparison::kNotEqual},
                                                     {"<", Comparison::kLess},
                                                     {">", Comparison::kGreater}};
// Options that belong to a command on its own, or to the transaction as a whole.
constexpr const char* kRefused[] = {"--ack",       "--file", "--at-least-revision",
                                    "--print-key", "--all",  "--keepalive"};

// The character after a backslash; moves `at` to its last byte. Returns false for an unknown escape.
bool unescape(const std::string& line, std::size_t& at, char& to) {
  switch (line[at]) {
    case 'n':
      to = '\n';
      return true;
    case 't':
      to = '\t';
      return true;
    case '\\':
    case '"':
      to = line[at];
      return true;
    case 'x': {
      unsigned byte = 0;
      const char* const digits = line.c_str() + at + 1;
      if (line.size() < at + 3 || std::from_chars(digits, digits + 2, byte, 16).ptr != digits + 2)
        return false;
      to = static_cast<char>(byte);
      at += 2;
      return true;
    }
    default:
      return false;
  }
}

// The text up to the closing quote, which line[at] is afterwards.
bool read_quoted(const std::string& line, std::size_t& at, std::string& word, std::string& error) {
  const char quote = line[at];
  for (++at; at < line.size() && line[at] != quote; ++at) {
    char c = line[at];
    if (quote == '"' && c == '\\') {
      if (++at == line.size()) break;
      if (!unescape(line, at, c)) {
        error = "unknown escape; allowed are \\n, \\t, \\\\, \\\" and \\xNN";
        return false;
      }
    }
    word += c;
  }
  if (at < line.size()) return true;
  error = std::string("a quote ") + quote + " is not closed";
  return false;
}

std::optional<client::Compare> parse_condition(const std::vector<std::string>& words, std::string& error) {
  const bool exists = words[0] == "exists";
  if ((exists || words[0] == "absent") && words.size() == 2) {
    return client::Compare{.key = words[1],
                           .target = Target::kExists,
                           .comparison = exists ? Comparison::kEqual : Comparison::kNotEqual};
  }
  const auto target = kTargets.find(words[0]);
  const auto comparison = words.size() == 4 ? kComparisons.find(words[2]) : kComparisons.end();
  if (target == kTargets.end() || comparison == kComparisons.end()) {
    error =
        "a condition is exists KEY, absent KEY, or one of value, version, create and mod, a key, one of = != "
        "< >, "
        "and what to compare with";
    return std::nullopt;
  }
  client::Compare compare{.key = words[1], .target = target->second, .comparison = comparison->second};
  if (compare.target == Target::kValue) {
    compare.value = words[3];
    return compare;
  }
  const std::string& text = words[3];
  const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), compare.number);
  if (bad == std::errc{} && end == text.data() + text.size()) return compare;
  error = quoted_unless_printable(text) + " is not a whole number";
  return std::nullopt;
}

// What the parsed line of a command asks for.
std::vector<client::Op> operations_of(const Settings& s, std::string& error) {
  const auto in_place = [&error](const std::optional<std::string>& value) {
    if (value != "-") return value.value_or("");
    error = "a value stands in the script itself, \"-\" reads nothing here";
    return std::string();
  };
  switch (s.command) {
    case Command::kGet:
      return {client::GetOp{.key = s.read.keys.front(), .keys_only = s.read.options.keys_only}};
    case Command::kPut:
      return {client::PutOp{.key = s.put.key, .value = in_place(s.put.value), .options = s.put.options}};
    case Command::kExpire:
      return {client::ExpireOp{.key = s.expire.key, .ttl_ms = s.expire.ttl_ms}};
    case Command::kIncr:
      return {client::IncrementOp{.key = s.incr.key, .delta = s.incr.delta, .options = s.incr.options}};
    case Command::kAppend:
      return {client::AppendOp{.key = s.append.key, .value = in_place(s.append.value)}};
    default:
      break;
  }
  if (s.del_range.chosen)
    return {client::DeleteOp{
        .key = {}, .prev_kv = s.del.prev_kv, .range = s.del_range.range, .limit = s.del_range.limit}};
  std::vector<client::Op> deletions;
  for (const std::string& key : s.del.keys)
    deletions.emplace_back(client::DeleteOp{.key = key, .prev_kv = s.del.prev_kv});
  return deletions;
}

// Empty after an error.
std::vector<client::Op> parse_operation(std::vector<std::string> words, std::string& error) {
  CLI::App app("", "txn");
  app.require_subcommand(1);
  Settings settings;
  add_operations(app, settings);
  words.insert(words.begin(), "txn");
  words = marked(std::move(words), app);
  // Whole, with any NUL in them, and in the order that CLI11 takes: last first, without the program.
  std::vector<std::string> reversed(words.rbegin(), words.rend() - 1);
  try {
    app.parse(std::move(reversed));
  } catch (const CLI::ParseError& failed) {
    const auto commands = app.get_subcommands();
    error = commands.empty()
                ? "\"" + words[1] + "\" is not one of get, put, del, expire, incr, append"
                : std::string(failed.what()) + "; see kvctl " + commands.front()->get_name() + " --help";
    return {};
  }
  for (const char* option : kRefused) {
    const CLI::Option* found = app.get_subcommands().front()->get_option_no_throw(option);
    if (found == nullptr || found->empty()) continue;
    error = std::string(option) + " has no place in a transaction";
    return {};
  }
  unmark(settings);
  std::vector<client::Op> operations = operations_of(settings, error);
  return error.empty() ? operations : std::vector<client::Op>{};
}

// The parts of a script, in any order, each once.
struct Parser {
  client::Txn txn;
  std::vector<std::string> seen;

  bool take(const std::vector<std::string>& words, std::string& error) {
    const std::string& first = words.front();
    if (words.size() == 1 && (first == "if" || first == "then" || first == "else")) {
      if (std::find(seen.begin(), seen.end(), first) != seen.end()) {
        error = "a second \"" + first + "\"";
        return false;
      }
      seen.push_back(first);
      return true;
    }
    if (seen.empty()) {
      error = "\"if\", \"then\" or \"else\" comes first, on a line of its own";
      return false;
    }
    if (seen.back() == "if") {
      const auto condition = parse_condition(words, error);
      if (condition) txn.compare.push_back(*condition);
      return condition.has_value();
    }
    std::vector<client::Op>& to = seen.back() == "then" ? txn.success : txn.failure;
    std::vector<client::Op> operations = parse_operation(words, error);
    to.insert(to.end(), std::make_move_iterator(operations.begin()),
              std::make_move_iterator(operations.end()));
    return !operations.empty();
  }
};

}  // namespace

std::optional<std::vector<std::string>> split_words(const std::string& line, std::string& error) {
  std::vector<std::string> words;
  bool inside = false;
  for (std::size_t at = 0; at < line.size(); ++at) {
    const char c = line[at];
    if (std::isspace(static_cast<unsigned char>(c)) != 0) {
      inside = false;
      continue;
    }
    if (!inside && c == '#') break;
    if (!std::exchange(inside, true)) words.emplace_back();
    if (c != '\'' && c != '"') {
      words.back() += c;
    } else if (!read_quoted(line, at, words.back(), error)) {
      return std::nullopt;
    }
  }
  return words;
}

std::optional<client::Txn> parse_txn(const std::string& script, std::string& error) {
  Parser parser;
  std::istringstream lines(script);
  std::string line;
  for (int number = 1; std::getline(lines, line); ++number) {
    const auto words = split_words(line, error);
    if (words && (words->empty() || parser.take(*words, error))) continue;
    error = "line " + std::to_string(number) + ": " + error;
    return std::nullopt;
  }
  if (!parser.seen.empty()) return std::move(parser.txn);
  error = "the script is empty; see kvctl txn --help";
  return std::nullopt;
}

}  // namespace flashkv::kvctl
