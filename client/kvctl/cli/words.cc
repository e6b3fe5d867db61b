#include "client/kvctl/cli/words.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace flashkv::kvctl {
namespace {

// A key that begins with the byte itself is marked too.
constexpr char kMark = '\x1f';

bool is_negative_number(const std::string& word) { return word.starts_with('-') && whole_number(word); }

// Whether the option of this word takes the next one as its value.
bool takes_next(const std::string& word, const CLI::App& app) {
  const auto needs_value = [&app](const std::string& name) {
    const CLI::Option* option = app.get_option_no_throw(name);
    return option != nullptr && option->get_items_expected_min() > 0;
  };
  if (word.starts_with("--")) return word.find('=') == std::string::npos && needs_value(word);
  // Of letters behind one dash, the first that needs a value takes the rest of the word.
  for (std::size_t i = 1; i < word.size(); ++i)
    if (needs_value(std::string("-") + word[i])) return i + 1 == word.size();
  return false;
}

}  // namespace

std::size_t command_at(const std::vector<std::string>& words, const CLI::App& app) {
  std::size_t at = 1;
  while (at < words.size() && words[at].starts_with('-') && words[at] != "-") {
    const std::string& word = words[at++];
    if (word == "--") break;
    // Nobody knows whether the next word is its value.
    const bool unknown =
        word.starts_with("--") && app.get_option_no_throw(word.substr(0, word.find('='))) == nullptr;
    if (unknown) return words.size();
    if (takes_next(word, app)) ++at;
  }
  return std::min(at, words.size());
}

bool has_command(const CLI::App& app, const std::string& name) {
  const auto commands = app.get_subcommands([](const CLI::App*) { return true; });
  return std::any_of(commands.begin(), commands.end(),
                     [&name](const CLI::App* each) { return each->get_name() == name; });
}

std::vector<std::string> marked(std::vector<std::string> words, const CLI::App& app) {
  const std::size_t at = command_at(words, app);
  if (at == words.size()) return words;
  const auto command = words.begin() + static_cast<std::ptrdiff_t>(at);
  constexpr std::array kWithKeys{"get", "mget", "del", "ttl", "scan", "keys", "count", "export"};
  const bool keys = std::find(kWithKeys.begin(), kWithKeys.end(), *command) != kWithKeys.end();
  const bool numbers = *command == "incr";
  for (auto word = command + 1; word != words.end(); ++word) {
    const bool list = word->starts_with('[') && word->ends_with(']');
    const bool begins_with_mark = (keys || numbers) && word->starts_with(kMark);
    if (begins_with_mark || (keys && list) || (numbers && is_negative_number(*word)))
      word->insert(0, 1, kMark);
  }
  return words;
}

std::string unmarked(const std::string& word) { return word.starts_with(kMark) ? word.substr(1) : word; }

void unmark(Settings& settings) {
  for (auto* keys : {&settings.read.keys, &settings.del.keys}) {
    for (std::string& key : *keys) key = unmarked(key);
  }
  // A value of another option may look like a key: the endpoint [::1].
  for (std::string* word : {&settings.scan.range.prefix, &settings.exported.range.prefix,
                            &settings.exported.file, &settings.incr.key, &settings.endpoint,
                            &settings.ca_file, &settings.cert_file, &settings.key_file, &settings.token_file})
    *word = unmarked(*word);
}

std::optional<std::int64_t> whole_number(const std::string& text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace flashkv::kvctl
