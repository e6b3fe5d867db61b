#include "client/kvctl/cli/words.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace flashkv::kvctl {
namespace {

// A key that begins with the byte itself is marked too.
constexpr char kMark = '\x1f';

bool is_negative_number(const std::string& word) { return word.starts_with('-') && whole_number(word); }

}  // namespace

std::vector<std::string> marked(std::vector<std::string> words, const CLI::App& app) {
  const auto commands = app.get_subcommands([](const CLI::App*) { return true; });
  const auto is_command = [&commands](const std::string& word) {
    return std::any_of(commands.begin(), commands.end(),
                       [&word](const CLI::App* each) { return each->get_name() == word; });
  };
  const auto command = std::find_if(words.begin() + 1, words.end(), is_command);
  if (command == words.end()) return words;
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
