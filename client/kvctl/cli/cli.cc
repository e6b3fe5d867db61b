#include "client/kvctl/cli/cli.h"

#include <algorithm>
#include <cstdio>
#include <span>

#include "client/kvctl/cli/app.h"
#include "client/kvctl/cli/completion.h"
#include "client/kvctl/cli/suggest.h"
#include "client/kvctl/cli/words.h"
#include "client/kvctl/exit_code.h"

namespace flashkv::kvctl {
namespace {

// Whether an error, which begins with a flag's name, is about one of the flags of every command.
bool about_global(const CLI::App& app, const std::string& error) {
  for (const CLI::Option* option : app.get_options())
    for (const std::string& name : {option->get_name(), option->get_name(false, true)})
      if (error.starts_with(name + ":") || error.starts_with(name + " ")) return true;
  return false;
}

constexpr const char* kOwnHelp = "; see kvctl --help";

// CLI11's sentences about how many words an option takes, in ours.
std::string counted(const std::string& what) {
  const std::size_t colon = what.find(": ");
  if (colon == std::string::npos) return what;
  const std::string name = what.substr(0, colon + 2);
  const char* said = what.c_str() + name.size();
  unsigned wanted = 0, given = 0;
  if (std::sscanf(said, "At Most %u required but received %u", &wanted, &given) == 2)
    return name + "at most " + std::to_string(wanted) + ", and " + std::to_string(given) + " are given";
  if (std::sscanf(said, "At least %u required but received %u", &wanted, &given) == 2)
    return name + std::to_string(wanted) + " values must follow";
  if (name.starts_with("--") && std::sscanf(said, "%u required", &wanted) == 1 && what.ends_with(" missing"))
    return name + "a value must follow";
  return what;
}

// What to do about a word that is near to `near`, or near to nothing.
std::string advice_for(const std::string& near, const std::string& otherwise) {
  return near.empty() ? otherwise : "; did you mean \"" + near + "\"?";
}

// One line: what is wrong, and which help text explains it.
std::string explain(const CLI::App& app, const CLI::ParseError& error,
                    const std::vector<std::string>& words) {
  const std::vector<std::string> extra = app.remaining(true);
  const auto commands = app.get_subcommands();
  if (commands.empty() && extra.empty()) return std::string("a command is required") + kOwnHelp;
  // An unknown option also shifts the words after it, so it is the cause of whatever else is wrong.
  const auto option = std::find_if(extra.begin(), extra.end(),
                                   [](const std::string& word) { return word.starts_with("--"); });
  const bool unexpected =
      option != extra.end() || (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr && !extra.empty());
  const std::string command = commands.empty() ? "" : commands.front()->get_name();
  const auto place = [&words](const std::string& each) {
    return std::find(words.begin(), words.end(), each);
  };
  if (!unexpected && !commands.empty()) {
    const std::string what = counted(error.what());
    return what + (about_global(app, what) ? kOwnHelp : "; see kvctl " + command + " --help");
  }
  const std::string& word = option != extra.end() ? *option : extra.front();
  std::vector<std::string> flags = flags_of(app);
  const bool before = commands.empty() || place(word) < place(command);
  if (!before)
    for (std::string& flag : flags_of(*commands.front())) flags.push_back(std::move(flag));
  const std::string typed = word.substr(0, word.find('='));
  std::string near = before ? "" : argument_like(command, typed, app);
  if (near.empty() && typed.starts_with("--")) near = nearest(typed, flags);
  if (near.empty() && before) near = command_like(std::span(&typed, 1), app);
  return "unexpected argument \"" + word + "\"" +
         advice_for(near, before ? kOwnHelp : "; see kvctl " + command + " --help");
}

std::string no_command(const CLI::App& app, std::span<const std::string> words) {
  return "no command \"" + words.front() + "\"" + advice_for(command_like(words, app), kOwnHelp);
}

int print_help(const CLI::App& app, const std::string& topic) {
  if (!topic.empty() && !has_command(app, topic)) {
    complain(no_command(app, std::span(&topic, 1)));
    return kUsage;
  }
  std::fputs(help_text(app, topic).c_str(), stdout);
  return kDone;
}

// `words` begins with the program.
std::optional<int> parse_words(CLI::App& app, std::vector<std::string> words, Settings& settings) {
  if (const std::size_t at = command_at(words, app); at < words.size() && !has_command(app, words[at])) {
    complain(no_command(app, std::span(words).subspan(at)));
    return kUsage;
  }
  words = marked(std::move(words), app);
  try {
    // Whole, with any NUL in them, and in the order that CLI11 takes: last first, without the program.
    app.parse(std::vector<std::string>(words.rbegin(), words.rend() - 1));
    unmark(settings);
  } catch (const CLI::Success& success) {
    return app.exit(success);
  } catch (const CLI::ParseError& error) {
    complain(explain(app, error, words));
    return kUsage;
  }
  if (settings.command == Command::kHelp) return print_help(app, settings.help_topic);
  if (settings.command != Command::kCompletion) return std::nullopt;
  std::fputs(completion_script(app, settings.completion_shell).c_str(), stdout);
  return kDone;
}

}  // namespace

std::optional<int> parse(int argc, char** argv, Settings& settings) {
  return parse_words(*make_app(settings), {argv, argv + argc}, settings);
}

std::optional<int> parse_line(std::vector<std::string> words, Settings& settings) {
  words.insert(words.begin(), "kvctl");
  return parse_words(*make_app(settings, Scope::kShellLine), std::move(words), settings);
}

std::vector<std::string> complete_line(const std::vector<std::string>& before, const std::string& word) {
  Settings unused;
  return completions(*make_app(unused, Scope::kShellLine), before, word);
}

}  // namespace flashkv::kvctl
