// Commands about kvctl itself: shell, completion and help.
#include "client/kvctl/cli/command_flags.h"
#include "client/kvctl/cli/flags.h"

namespace flashkv::kvctl {
namespace {

const std::map<std::string, std::string> kShells{{"bash", "bash"}, {"fish", "fish"}, {"zsh", "zsh"}};

}  // namespace

void add_tool_commands(CLI::App& app, Settings& s, Scope scope) {
  if (scope == Scope::kProgram)
    add_command(
        app, "shell",
        "run commands over one connection, typed or from standard input; the exit code is that of the "
        "last one that failed",
        s, Command::kShell);
  CLI::App* completion =
      add_command(app, "completion", "print the completion script of a shell", s, Command::kCompletion);
  add_choice(*completion, "shell", s.completion_shell, kShells, "the shell")->required();
  CLI::App* help = add_command(app, "help", "print the commands, or the help of one", s, Command::kHelp);
  help->add_option("command", s.help_topic, "a command; none = all of them");
}

}  // namespace flashkv::kvctl
