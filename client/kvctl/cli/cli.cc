#include "client/kvctl/cli/cli.h"

#include <algorithm>
#include <span>

#include "client/kvctl/cli/command_flags.h"
#include "client/kvctl/cli/flags.h"
#include "client/kvctl/cli/suggest.h"
#include "client/kvctl/cli/words.h"
#include "client/kvctl/exit_code.h"

namespace flashkv::kvctl {
namespace {

const std::map<std::string, Format> kFormats{
    {"simple", Format::kSimple}, {"table", Format::kTable}, {"json", Format::kJson}};

void add_globals(CLI::App& app, Settings& s) {
  app.add_option("--endpoint", s.endpoint, "the server, HOST[:PORT]; the default port is 7400")
      ->envname("KVCTL_ENDPOINT")
      ->capture_default_str();
  app.add_option("--cacert", s.ca_file, "CA certificate (PEM); turns TLS on")->envname("KVCTL_CACERT");
  app.add_option("--cert", s.cert_file, "client certificate (PEM)")->envname("KVCTL_CERT");
  app.add_option("--key", s.key_file, "private key of the client certificate (PEM)")->envname("KVCTL_KEY");
  app.add_option("--token-file", s.token_file, "file that holds the token")->envname("KVCTL_TOKEN_FILE");
  add_duration(
      app, "--timeout",
      [&s](auto us) {
        if (us.count() == 0) throw CLI::ValidationError("--timeout", "must be more than 0");
        s.timeout = whole_ms(us);
      },
      "longest wait for one answer [5s]")
      ->envname("KVCTL_TIMEOUT");
  add_choice(app, "-w,--write-out", s.format, kFormats, "output format")->envname("KVCTL_WRITE_OUT");
  app.add_flag("--utf8", s.utf8, "json: print valid UTF-8 as text")->envname("KVCTL_UTF8");
  app.add_flag("-q,--quiet", s.quiet, "print no progress")->envname("KVCTL_QUIET");
}

// Whether an error, which begins with a flag's name, is about one of the flags of every command.
bool about_global(const CLI::App& app, const std::string& error) {
  for (const CLI::Option* option : app.get_options())
    for (const std::string& name : {option->get_name(), option->get_name(false, true)})
      if (error.starts_with(name + ":") || error.starts_with(name + " ")) return true;
  return false;
}

constexpr const char* kOwnHelp = "; see kvctl --help";

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
    const std::string what = error.what();
    return what + (about_global(app, what) ? kOwnHelp : "; see kvctl " + command + " --help");
  }
  const std::string& word = option != extra.end() ? *option : extra.front();
  std::vector<std::string> flags = flags_of(app);
  const bool before = commands.empty() || place(word) < place(command);
  if (!before)
    for (std::string& flag : flags_of(*commands.front())) flags.push_back(std::move(flag));
  const std::string typed = word.substr(0, word.find('='));
  return "unexpected argument \"" + word + "\"" +
         advice_for(typed.starts_with("--") ? nearest(typed, flags) : "",
                    before ? kOwnHelp : "; see kvctl " + command + " --help");
}

std::string no_command(const CLI::App& app, std::span<const std::string> words) {
  return "no command \"" + words.front() + "\"" + advice_for(command_like(words, app), kOwnHelp);
}

}  // namespace

CLI::App* add_command(CLI::App& app, const std::string& name, const std::string& help, Settings& settings,
                      Command command) {
  CLI::App* sub = app.add_subcommand(name, help);
  sub->fallthrough();
  sub->footer("The options of every command: kvctl --help");
  sub->callback([&settings, command] { settings.command = command; });
  return sub;
}

std::optional<int> parse(int argc, char** argv, Settings& settings) {
  CLI::App app("kvctl: the command line of flashkv", "kvctl");
  app.set_version_flag("--version", std::string("kvctl ") + FLASHKV_VERSION);
  app.require_subcommand(1);
  app.footer(
      "Exit codes: 0 done, 1 no such key or condition not met, 2 bad usage or input, 3 server or\n"
      "network error, 4 denied, 5 timeout, 130 interrupted import. Each option above can also be set\n"
      "in the environment, as KVCTL_<NAME>.");
  add_globals(app, settings);
  add_data_commands(app, settings);
  add_bench(app, settings);
  add_admin_commands(app, settings);
  std::vector<std::string> words(argv, argv + argc);
  if (const std::size_t at = command_at(words, app); at < words.size() && !has_command(app, words[at])) {
    complain(no_command(app, std::span(words).subspan(at)));
    return kUsage;
  }
  words = marked(std::move(words), app);
  std::vector<const char*> pointers;
  for (const std::string& word : words) pointers.push_back(word.c_str());
  try {
    app.parse(argc, pointers.data());
    unmark(settings);
  } catch (const CLI::Success& success) {
    return app.exit(success);
  } catch (const CLI::ParseError& error) {
    complain(explain(app, error, words));
    return kUsage;
  }
  return std::nullopt;
}

}  // namespace flashkv::kvctl
