#include "client/kvctl/cli/app.h"

#include <algorithm>
#include <sstream>

#include "client/kvctl/cli/command_flags.h"
#include "client/kvctl/cli/examples.h"
#include "client/kvctl/cli/flags.h"

namespace flashkv::kvctl {
namespace {

const std::map<std::string, Format> kFormats{
    {"simple", Format::kSimple}, {"table", Format::kTable}, {"json", Format::kJson}};

void add_connection(CLI::App& app, Settings& s) {
  app.add_option("--endpoint", s.endpoint, "the server, HOST[:PORT]; the default port is 7400")
      ->envname("KVCTL_ENDPOINT")
      ->capture_default_str();
  app.add_option("--cacert", s.ca_file, "CA certificate (PEM); turns TLS on")
      ->type_name(kFile)
      ->envname("KVCTL_CACERT");
  app.add_option("--cert", s.cert_file, "client certificate (PEM)")->type_name(kFile)->envname("KVCTL_CERT");
  app.add_option("--key", s.key_file, "private key of the client certificate (PEM)")
      ->type_name(kFile)
      ->envname("KVCTL_KEY");
  app.add_option("--token-file", s.token_file, "file that holds the token")
      ->type_name(kFile)
      ->envname("KVCTL_TOKEN_FILE");
  add_duration(
      app, "--timeout",
      [&s](auto us) {
        if (us.count() == 0) throw CLI::ValidationError("--timeout", "must be more than 0");
        s.timeout = whole_ms(us);
      },
      "longest wait for one answer [5s]")
      ->envname("KVCTL_TIMEOUT");
}

void add_output(CLI::App& app, Settings& s, Scope scope) {
  CLI::Option* format = add_choice(app, "-w,--write-out", s.format, kFormats, "output format");
  CLI::Option* quiet = app.add_flag("-q,--quiet", s.quiet, "print no progress");
  if (scope == Scope::kShellLine) return;
  format->envname("KVCTL_WRITE_OUT");
  quiet->envname("KVCTL_QUIET");
}

constexpr const char* kFooter =
    "Each option but the first two can also be set in the environment, as KVCTL_<NAME>.\n"
    "Exit codes: 0 done, 1 no such key or condition not met, 2 bad usage or input, 3 server or\n"
    "network error, 4 denied, 5 timeout, 130 interrupted.\n"
    "A command's own options and examples: kvctl help COMMAND";
constexpr const char* kShellFooter =
    "Quote as in a shell: 'text' is literal, \"text\" knows \\n, \\t, \\\\, \\\" and \\xNN. # begins a "
    "comment.\n"
    "Ctrl-C ends a command, exit or Ctrl-D the shell.\n"
    "A command's own options and examples: help COMMAND";

// Commands first, each in one line; then the options.
class HelpText : public CLI::Formatter {
 public:
  HelpText() { label("SUBCOMMAND", "COMMAND"); }

  std::string make_help(const CLI::App* app, std::string name, CLI::AppFormatMode mode) const override {
    if (mode == CLI::AppFormatMode::Sub) return make_expanded(app);
    return make_description(app) + make_usage(app, name) + make_positionals(app) +
           make_subcommands(app, mode) + make_groups(app, mode) + "\n" + make_footer(app);
  }
  // Which options exclude each other is in their texts; CLI11 would list them by their addresses.
  std::string make_option_opts(const CLI::Option* option) const override {
    const std::string all = CLI::Formatter::make_option_opts(option);
    return all.substr(0, std::min(all.find(" Needs:"), all.find(" Excludes:")));
  }
  std::string make_subcommand(const CLI::App* sub) const override {
    std::stringstream line;
    const std::string summary = sub->get_description();
    CLI::detail::format_help(line, sub->get_name(), summary.substr(0, summary.find_first_of(";.")),
                             column_width_);
    return line.str();
  }
};

}  // namespace

CLI::App* add_command(CLI::App& app, const std::string& name, const std::string& help, Settings& settings,
                      Command command) {
  CLI::App* sub = app.add_subcommand(name, help);
  sub->fallthrough();
  sub->footer(examples_of(name));
  if (const CommandText* text = text_of(name)) sub->group(std::string(text->group));
  sub->callback([&settings, command] { settings.command = command; });
  return sub;
}

std::unique_ptr<CLI::App> make_app(Settings& settings, Scope scope) {
  auto app = std::make_unique<CLI::App>("kvctl: the command line of flashkv", "kvctl");
  app->formatter(std::make_shared<HelpText>());
  if (scope == Scope::kProgram)
    app->set_version_flag("--version", std::string("kvctl ") + FLASHKV_VERSION, "print the version and exit");
  app->set_help_flag("-h,--help", "print this text and exit");
  app->require_subcommand(1);
  app->footer(scope == Scope::kProgram ? kFooter : kShellFooter);
  if (scope == Scope::kProgram) add_connection(*app, settings);
  add_output(*app, settings, scope);
  add_data_commands(*app, settings);
  add_watch(*app, settings);
  add_bench(*app, settings);
  add_admin_commands(*app, settings);
  add_tool_commands(*app, settings, scope);
  return app;
}

std::string help_text(const CLI::App& app, const std::string& name) {
  // help() would print the text of a command that has been parsed.
  if (name.empty()) return app.get_formatter()->make_help(&app, app.get_name(), CLI::AppFormatMode::Normal);
  return app.get_subcommand(name)->help(app.get_name());
}

}  // namespace flashkv::kvctl
