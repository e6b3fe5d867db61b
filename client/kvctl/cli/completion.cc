#include "client/kvctl/cli/completion.h"

#include <algorithm>
#include <sstream>

#include "client/kvctl/cli/completion_scripts.h"
#include "client/kvctl/cli/flags.h"
#include "client/kvctl/cli/words.h"

namespace flashkv::kvctl {
namespace {

Argument argument_of(const CLI::App& app, const CLI::Option& option) {
  Argument argument;
  for (const std::string& name : option.get_snames()) argument.names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) argument.names.push_back("--" + name);
  argument.help = option.get_description();
  argument.takes_value = option.get_items_expected_max() > 0;
  const std::string type = option.get_type_name();
  argument.file = type == kFile;
  if (type.find('|') != std::string::npos) {
    std::istringstream words(type);
    for (std::string word; std::getline(words, word, '|');) argument.choices.push_back(word);
  }
  if (argument.names.empty() && option.get_name() == "command")
    for (const CLI::App* each : app.get_subcommands([](const CLI::App*) { return true; }))
      argument.choices.push_back(each->get_name());
  return argument;
}

CommandArguments arguments_of(const CLI::App& app, const CLI::App& command) {
  CommandArguments all{.name = &app == &command ? "" : command.get_name(),
                       .summary = command.get_description(),
                       .flags = {},
                       .positional = {}};
  all.summary = all.summary.substr(0, all.summary.find_first_of(";."));
  for (const CLI::Option* option : command.get_options()) {
    Argument argument = argument_of(app, *option);
    if (!argument.names.empty()) all.flags.push_back(argument);
    if (!option->get_positional() || all.positional) continue;
    argument.names.clear();
    all.positional = std::move(argument);
  }
  return all;
}

const Argument* find(const std::vector<const CommandArguments*>& commands, const std::string& flag) {
  for (const CommandArguments* command : commands)
    for (const Argument& each : command->flags)
      if (std::find(each.names.begin(), each.names.end(), flag) != each.names.end()) return &each;
  return nullptr;
}

}  // namespace

std::vector<CommandArguments> arguments_of(const CLI::App& app) {
  std::vector<CommandArguments> all{arguments_of(app, app)};
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; }))
    all.push_back(arguments_of(app, *command));
  return all;
}

std::string completion_script(const CLI::App& app, const std::string& shell) {
  const std::vector<CommandArguments> commands = arguments_of(app);
  return shell == "bash"  ? bash_script(commands)
         : shell == "zsh" ? zsh_script(commands)
                          : fish_script(commands);
}

std::vector<std::string> completions(const CLI::App& app, const std::vector<std::string>& before,
                                     const std::string& word) {
  const std::vector<CommandArguments> all = arguments_of(app);
  std::vector<std::string> words{"kvctl"};
  words.insert(words.end(), before.begin(), before.end());
  const std::size_t at = command_at(words, app);
  std::vector<const CommandArguments*> known{&all.front()};
  for (const CommandArguments& each : all)
    if (at < words.size() && each.name == words[at]) known.push_back(&each);
  std::vector<std::string> candidates;
  const Argument* flag = before.empty() ? nullptr : find(known, before.back());
  if (flag != nullptr && flag->takes_value) {
    candidates = flag->choices;
  } else if (word.starts_with('-')) {
    for (const CommandArguments* each : known)
      for (const Argument& option : each->flags)
        candidates.insert(candidates.end(), option.names.begin(), option.names.end());
  } else if (at >= words.size()) {
    for (const CommandArguments& each : all)
      if (!each.name.empty()) candidates.push_back(each.name);
  } else if (known.size() > 1 && known.back()->positional) {
    candidates = known.back()->positional->choices;
  }
  std::erase_if(candidates, [&word](const std::string& each) { return !each.starts_with(word); });
  std::sort(candidates.begin(), candidates.end());
  return candidates;
}

}  // namespace flashkv::kvctl
