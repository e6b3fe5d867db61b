#include "client/kvctl/cli/completion_scripts.h"

namespace flashkv::kvctl {
namespace {

std::string join(const std::vector<std::string>& words, const char* between) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : between) + word;
  return text;
}

std::string replaced(std::string text, char from, const std::string& to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, 1, to);
  return text;
}

std::vector<std::string> flag_names(const CommandArguments& command) {
  std::vector<std::string> names;
  for (const Argument& flag : command.flags) names.insert(names.end(), flag.names.begin(), flag.names.end());
  return names;
}

// A case of bash's: patterns, and what completes the value of a flag or a positional.
std::string bash_value(const std::string& patterns, const Argument& argument) {
  const std::string action = argument.file ? "_kvctl_files \"$cur\""
                             : !argument.choices.empty()
                                 ? "_kvctl_words \"" + join(argument.choices, " ") + "\""
                                 : ":";
  return "    " + patterns + ") " + action + "; return ;;\n";
}

std::string bash_values(const std::vector<CommandArguments>& commands) {
  std::string cases;
  for (const CommandArguments& command : commands)
    for (const Argument& flag : command.flags) {
      if (!flag.takes_value) continue;
      std::vector<std::string> patterns;
      for (const std::string& name : flag.names)
        patterns.push_back((command.name.empty() ? "*" : command.name) + ":" + name);
      cases += bash_value(join(patterns, "|"), flag);
    }
  return cases;
}

}  // namespace

// Bash splits words at "=" and ":" too: an endpoint is three words, and --flag=value is three.
std::string bash_script(const std::vector<CommandArguments>& commands) {
  std::vector<std::string> names, value_flags;
  std::string flags, positionals;
  for (const CommandArguments& command : commands) {
    if (command.name.empty()) {
      for (const Argument& flag : command.flags)
        if (flag.takes_value) value_flags.insert(value_flags.end(), flag.names.begin(), flag.names.end());
      continue;
    }
    names.push_back(command.name);
    flags += "      " + command.name + ") flags=\"" + join(flag_names(command), " ") + "\" ;;\n";
    const bool known =
        command.positional && (command.positional->file || !command.positional->choices.empty());
    if (known) positionals += bash_value(command.name, *command.positional);
  }
  return "# bash completion for kvctl, printed by `kvctl completion bash`.\n"
         "_kvctl_words() { COMPREPLY=($(compgen -W \"$1\" -- \"$cur\")); }\n"
         "_kvctl_files() {\n"
         "  local IFS=$'\\n'\n"
         "  compopt -o filenames 2>/dev/null\n"
         "  COMPREPLY=($(compgen -f -- \"$1\"))\n"
         "}\n"
         "_kvctl() {\n"
         "  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command= flags= i\n"
         "  COMPREPLY=()\n"
         "  if [[ $cur == = ]]; then\n"
         "    cur=\n"
         "  elif [[ $prev == = ]]; then\n"
         "    prev=${COMP_WORDS[COMP_CWORD-2]}\n"
         "  fi\n"
         "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
         "    case ${COMP_WORDS[i]} in\n"
         "      " +
         join(value_flags, "|") +
         ") ((i++)); [[ ${COMP_WORDS[i]} == = ]] && ((i++)) ;;\n"
         "      :) ((i++)) ;;\n"
         "      -*|=) ;;\n"
         "      *) command=${COMP_WORDS[i]}; break ;;\n"
         "    esac\n"
         "  done\n"
         "  case $command:$prev in\n" +
         bash_values(commands) +
         "  esac\n"
         "  if [[ $cur == -* ]]; then\n"
         "    case $command in\n" +
         flags +
         "    esac\n"
         "    _kvctl_words \"$flags " +
         join(flag_names(commands.front()), " ") +
         "\"\n"
         "    return\n"
         "  fi\n"
         "  case $command in\n"
         "    '') _kvctl_words \"" +
         join(names, " ") + "\"; return ;;\n" + positionals +
         "  esac\n"
         "}\n"
         "complete -F _kvctl kvctl\n";
}

namespace {

// In single quotes, with what _arguments reads as its own escaped.
std::string zsh_text(const std::string& text) {
  std::string out = replaced(replaced(text, '\\', "\\\\"), '\'', "'\\''");
  for (const char c : {'[', ']', ':'}) out = replaced(std::move(out), c, std::string("\\") + c);
  return out;
}

std::string zsh_values(const Argument& argument) {
  return argument.file ? "file:_files" : "value:(" + join(argument.choices, " ") + ")";
}

std::string zsh_flags(const CommandArguments& command) {
  std::string specs;
  for (const Argument& flag : command.flags)
    for (const std::string& name : flag.names)
      specs += " '(" + join(flag.names, " ") + ")" + name + "[" + zsh_text(flag.help) + "]" +
               (flag.takes_value ? ":" + zsh_values(flag) : "") + "'";
  return specs;
}

std::string fish_text(const std::string& text) {
  return "'" + replaced(replaced(text, '\\', "\\\\"), '\'', "\\'") + "'";
}

}  // namespace

std::string zsh_script(const std::vector<CommandArguments>& commands) {
  std::string described, cases;
  for (const CommandArguments& command : commands) {
    if (command.name.empty()) continue;
    described += "    '" + command.name + ":" + zsh_text(command.summary) + "'\n";
    const bool known =
        command.positional && (command.positional->file || !command.positional->choices.empty());
    cases += "        " + command.name + ") _arguments $every" + zsh_flags(command) +
             (known ? " '*:" + zsh_values(*command.positional) + "'" : " '*:argument:'") + " ;;\n";
  }
  return "#compdef kvctl\n"
         "# zsh completion for kvctl, printed by `kvctl completion zsh`.\n"
         "_kvctl() {\n"
         "  local state\n"
         "  local -a commands every\n"
         "  commands=(\n" +
         described + "  )\n  every=(" + zsh_flags(commands.front()) +
         " )\n"
         "  _arguments -C $every '1:command:->command' '*::argument:->argument'\n"
         "  case $state in\n"
         "    command) _describe command commands ;;\n"
         "    argument)\n"
         "      case $words[1] in\n" +
         cases +
         "      esac ;;\n"
         "  esac\n"
         "}\n"
         "if [[ $funcstack[1] == _kvctl ]]; then _kvctl \"$@\"; else compdef _kvctl kvctl; fi\n";
}

std::string fish_script(const std::vector<CommandArguments>& commands) {
  std::string script =
      "# fish completion for kvctl, printed by `kvctl completion fish`.\ncomplete -c kvctl -f\n";
  for (const CommandArguments& command : commands) {
    const bool every = command.name.empty();
    const std::string when = every ? "" : " -n '__fish_seen_subcommand_from " + command.name + "'";
    if (!every)
      script += "complete -c kvctl -n __fish_use_subcommand -a " + command.name + " -d " +
                fish_text(command.summary) + "\n";
    for (const Argument& flag : command.flags) {
      script += "complete -c kvctl" + when;
      for (const std::string& name : flag.names)
        script += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
      if (flag.takes_value) script += flag.file ? " -r -F" : " -x";
      if (!flag.choices.empty()) script += " -a " + fish_text(join(flag.choices, " "));
      script += " -d " + fish_text(flag.help) + "\n";
    }
    if (command.positional && command.positional->file) script += "complete -c kvctl" + when + " -F\n";
    if (command.positional && !command.positional->choices.empty())
      script +=
          "complete -c kvctl" + when + " -a " + fish_text(join(command.positional->choices, " ")) + "\n";
  }
  return script;
}

}  // namespace flashkv::kvctl
