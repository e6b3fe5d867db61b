#include "client/kvctl/cli/examples.h"

#include <algorithm>

namespace flashkv::kvctl {
namespace {

constexpr std::string_view kReading = "Reading", kWriting = "Writing", kBulk = "Files and load",
                           kServer = "The server", kTool = "kvctl itself";

const std::vector<CommandText>& texts() {
  static const std::vector<CommandText> kTexts{
      {"get", kReading, {"kvctl get color", "kvctl get color --print-key       # the key, too"}},
      {"mget", kReading, {"kvctl mget color shape", "kvctl mget color shape --keys-only"}},
      {"ttl", kReading, {"kvctl ttl session", "kvctl -w json ttl session         # in milliseconds"}},
      {"scan", kReading, {"kvctl scan user: --limit 10", "kvctl scan --range 2024-01 2024-02 --reverse"}},
      {"keys", kReading, {"kvctl keys", "kvctl keys user:"}},
      {"count", kReading, {"kvctl count", "kvctl count session:"}},
      {"watch",
       kReading,
       {"kvctl watch color", "kvctl watch --prefix flags/ --prev-kv",
        "kvctl -w json watch --all --from 1201"}},
      {"put",
       kWriting,
       {"kvctl put color blue", "kvctl put session alice --ttl 30m",
        "kvctl put lock me --if-absent     # exit code 1 if somebody has it",
        "kvctl put service/7 10.0.0.5:80 --ttl 30s --keepalive     # there while this runs"}},
      {"del",
       kWriting,
       {"kvctl del color", "kvctl del color shape --prev      # the deleted values, too",
        "kvctl del --prefix session: --limit 100000"}},
      {"expire", kWriting, {"kvctl expire session 1h30m", "kvctl expire session 0            # never"}},
      {"incr",
       kWriting,
       {"kvctl incr visits", "kvctl incr stock -5", "kvctl incr limit --initial 100 --ttl 1m"}},
      {"append", kWriting, {"kvctl append log 'one more line'", "kvctl append log --file more.txt"}},
      {"txn",
       kWriting,
       {"kvctl txn release.txt", "kvctl txn - --ack applied         # the script from a pipe"}},
      {"import",
       kBulk,
       {"kvctl import records.jsonl", "kvctl import table.csv --from-line 1201",
        "kvctl import - --skip-bad         # from a pipe; bad lines are reported"}},
      {"export",
       kBulk,
       {"kvctl export all.jsonl", "kvctl export --prefix user: users.csv",
        "kvctl export - --format lines     # to a pipe"}},
      {"bench",
       kBulk,
       {"kvctl bench --duration 10s --connections 10 --streams 100", "kvctl bench --mget 100",
        "kvctl bench --pipeline 100        # calls in a message",
        "kvctl bench --rate 5000 --mix 95:5 --dist zipf"}},
      {"stats",
       kServer,
       {"kvctl stats", "kvctl stats --raw                 # exact, for scripts", "kvctl -w json stats"}},
      {"top", kServer, {"kvctl top", "kvctl top --once", "kvctl -w json top -n 60 --interval 5s"}},
      {"publish-policy",
       kServer,
       {"kvctl publish-policy", "kvctl publish-policy --interval 20ms",
        "kvctl publish-policy --interval 0 --adaptive true"}},
      {"publish", kServer, {"kvctl publish", "kvctl -w json publish"}},
      {"slowlog", kServer, {"kvctl slowlog --limit 10 -w table", "kvctl slowlog --reset"}},
      {"log-level", kServer, {"kvctl log-level debug", "kvctl -w json log-level info"}},
      {"health", kServer, {"kvctl health", "kvctl health flashkv.v1.KV"}},
      {"version", kServer, {"kvctl version", "kvctl --endpoint kv.example version"}},
      {"shell",
       kTool,
       {"kvctl shell                       # history, and completion with Tab",
        "kvctl shell -q <commands.txt      # a script; # begins a comment"}},
      {"completion",
       kTool,
       {"kvctl completion bash             # . <(kvctl completion bash) turns it on",
        "kvctl completion zsh              # for a folder of $fpath, as _kvctl",
        "kvctl completion fish             # for ~/.config/fish/completions/kvctl.fish"}},
      {"help", kTool, {"kvctl help", "kvctl help put                    # the same as kvctl put --help"}},
  };
  return kTexts;
}

}  // namespace

const CommandText* text_of(std::string_view command) {
  const auto found = std::find_if(texts().begin(), texts().end(),
                                  [command](const CommandText& each) { return each.name == command; });
  return found == texts().end() ? nullptr : &*found;
}

std::string examples_of(std::string_view command) {
  std::string lines;
  if (const CommandText* text = text_of(command))
    for (const std::string_view example : text->examples) lines += "  " + std::string(example) + "\n";
  return (lines.empty() ? "" : "Examples:\n" + lines + "\n") + "The options of every command: kvctl --help";
}

}  // namespace flashkv::kvctl
