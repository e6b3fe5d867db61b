// watch.
#include "client/flashkv/watch.h"

#include <unistd.h>

#include <chrono>
#include <cstdio>

#include "client/kvctl/commands.h"
#include "client/kvctl/event_output.h"
#include "client/kvctl/exit_code.h"
#include "client/kvctl/interrupt.h"

namespace flashkv::kvctl {
namespace {

// How soon Ctrl-C is noticed.
constexpr std::chrono::milliseconds kLook{200};

client::WatchOptions options_of(const WatchSettings& w) {
  client::WatchOptions o{.key = w.key, .prefix = w.prefix, .from = w.from, .prev_kv = w.prev_kv};
  if (!w.range.empty()) {
    o.start = w.range[0];
    o.end = w.range[1];
  }
  return o;
}

int give_up(const client::Error& error, const client::Watcher& watcher, const Settings& settings) {
  if (error.code == client::Errc::kOutOfRange && watcher.compact_revision() != 0) {
    const std::string first = std::to_string(watcher.compact_revision());
    complain("changes were lost: the server has those from revision " + first +
             " on only; read the keys again and go on with kvctl watch --from " + first);
    return exit_code_of(error.code);
  }
  if (error.code == client::Errc::kDataLoss) {
    complain(error.message + "; read the keys again, and run kvctl watch again");
    return kFailed;
  }
  return fail(error, settings);
}

// Whether the connection is there is said when it changes.
void tell_connection(const client::Watcher& watcher, bool& lost, const Settings& settings) {
  if (watcher.connected() != lost) return;
  lost = !lost;
  if (settings.quiet) return;
  complain(lost ? "lost the connection to " + settings.endpoint + "; connecting again"
                : "connected again; nothing was missed");
}

}  // namespace

int run_watch(client::Client& client, const Settings& settings) {
  const InterruptScope ctrl_c;
  client::Watcher watcher(client, options_of(settings.watch));
  const bool terminal = ::isatty(STDOUT_FILENO) != 0;
  std::fputs(heading(settings.format).c_str(), stdout);
  std::uint64_t printed = 0;
  bool lost = false;
  bool began = false;
  while (interrupted == 0) {
    auto got = watcher.next(kLook);
    if (!got) return give_up(got.error(), watcher, settings);
    began |= watcher.connected();
    if (began) tell_connection(watcher, lost, settings);
    for (const client::Event& event : got->events) {
      const std::string lines = lines_of(event, settings.format, terminal);
      if (std::fwrite(lines.data(), 1, lines.size(), stdout) != lines.size()) return kFailed;
      if (++printed == settings.watch.count) return kDone;
    }
    if (std::fflush(stdout) != 0) return kFailed;
  }
  return kDone;
}

}  // namespace flashkv::kvctl
