// top.
#include <chrono>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>

#include "client/kvctl/commands.h"
#include "client/kvctl/exit_code.h"
#include "client/kvctl/interrupt.h"
#include "client/kvctl/text.h"
#include "client/kvctl/top/json.h"
#include "client/kvctl/top/layout.h"
#include "client/kvctl/top/screen.h"
#include "client/kvctl/top/stats_poll.h"

namespace flashkv::kvctl {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr milliseconds kLook{100};         // how soon Ctrl-C is noticed
constexpr milliseconds kRepeat{1000};      // how often the age of old figures is shown anew
constexpr milliseconds kOldWithout{2000};  // how old the figures may be without a word, beside the interval

// The latest figures, and what keeps newer ones away.
class Latest {
 public:
  explicit Latest(const Settings& settings) : settings_(settings) {}

  void take(StatsPoll::Got got) {
    if (!got) {
      error_ = got.error();
      return;
    }
    error_.reset();
    rates_ = rates_between(now_ ? &*now_ : nullptr, *got);
    now_.emplace(std::move(*got));
  }
  // An error that no later answer can follow.
  const client::Error* final_error() const {
    return error_ && (!now_ || !may_pass(error_->code)) ? &*error_ : nullptr;
  }
  bool any() const { return now_.has_value(); }
  const std::optional<client::Error>& error() const { return error_; }

  TopView view() const {
    TopView v{.endpoint = settings_.endpoint, .stats = now_->stats, .rates = rates_};
    const auto age = std::chrono::duration_cast<std::chrono::seconds>(Clock::now() - now_->taken);
    if (error_ || age > settings_.top.interval + kOldWithout)
      v.trouble = (error_ ? trouble_of(*error_, settings_) : "no answer from " + settings_.endpoint) +
                  "; figures of " + format_duration(age) + " ago";
    return v;
  }

 private:
  const Settings& settings_;
  std::optional<Snapshot> now_;
  Rates rates_;
  std::optional<client::Error> error_;
};

int run_screen(Screen& screen, StatsPoll& poll, Latest& latest, const std::string& endpoint) {
  const std::vector<TopLine> waiting{
      {.text = "kvctl top  " + endpoint + "  waiting for an answer", .look = TopLine::Look::kTitle}};
  screen.draw(waiting);
  auto drawn = Clock::now();
  for (auto event = Screen::Event::kNothing; event != Screen::Event::kQuit && interrupted == 0;
       event = screen.wait(kLook)) {
    bool draw = event == Screen::Event::kDraw || Clock::now() - drawn > kRepeat;
    if (auto got = poll.wait(milliseconds(0))) {
      latest.take(std::move(*got));
      draw = true;
    }
    if (latest.final_error() != nullptr) break;
    if (!draw) continue;
    screen.draw(latest.any() ? top_lines(latest.view(), screen.size().width, screen.size().height) : waiting);
    drawn = Clock::now();
  }
  return kDone;
}

bool print(const TopView& view, Format format) {
  std::string text;
  if (format == Format::kJson) {
    text = top_json(view) + '\n';
  } else {
    for (const TopLine& line : top_lines(view, 0, 0)) text += line.text + '\n';
    text += '\n';
  }
  return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
}

int run_blocks(StatsPoll& poll, Latest& latest, const Settings& settings) {
  std::uint64_t printed = 0;
  bool away = false;
  while (interrupted == 0) {
    auto got = poll.wait(kLook);
    if (!got) continue;
    const bool first = !latest.any();
    latest.take(std::move(*got));
    if (latest.final_error() != nullptr) break;
    if (latest.error()) {
      if (!away && !settings.quiet) complain(trouble_of(*latest.error(), settings));
      away = true;
      continue;
    }
    if (away && !settings.quiet) complain("connected again");
    away = false;
    if (first) continue;  // rates take two answers
    if (!print(latest.view(), settings.format)) return kFailed;
    if (++printed == settings.top.count) return kDone;
  }
  return kDone;
}

}  // namespace

int run_top(client::Client& client, const Settings& settings) {
  const InterruptScope ctrl_c;
  Latest latest(settings);
  int code = kDone;
  {
    StatsPoll poll(client, settings.top.interval);
    const bool live = settings.format != Format::kJson && settings.top.count == 0;
    if (const auto screen = live ? Screen::open() : nullptr)
      code = run_screen(*screen, poll, latest, settings.endpoint);
    else
      code = run_blocks(poll, latest, settings);
  }
  if (const client::Error* error = latest.final_error()) return fail(*error, settings);
  return code;
}

}  // namespace flashkv::kvctl
