#include "client/kvctl/progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <utility>

namespace flashkv::kvctl {
namespace {

using namespace std::chrono_literals;
constexpr auto kBarEvery = 200ms;
constexpr auto kLineEvery = 10s;
constexpr std::size_t kLongestBar = 24;
constexpr std::size_t kShortestBar = 4;
constexpr std::size_t kUsualColumns = 80;

std::size_t terminal_columns() {
  winsize size = {};
  return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : kUsualColumns;
}

// " [####....]" of at most `room` columns, or nothing.
std::string bar(double share, std::size_t room) {
  constexpr std::size_t kFrame = 3;
  if (room < kFrame + kShortestBar) return "";
  const std::size_t length = std::min(kLongestBar, room - kFrame);
  const auto full = static_cast<std::size_t>(share * static_cast<double>(length));
  return " [" + std::string(full, '#') + std::string(length - full, '.') + "]";
}

}  // namespace

std::string progress_line(const std::string& what, const ProgressState& state, std::size_t width) {
  char rate[64];
  std::snprintf(rate, sizeof rate, " %llu %s, %.0f/s", static_cast<unsigned long long>(state.count),
                state.noun, static_cast<double>(state.count) / state.seconds);
  if (state.total == 0 || state.part == 0 || state.part > state.total)
    return (what + rate).substr(0, width == 0 ? std::string::npos : width);
  const double share = static_cast<double>(state.part) / static_cast<double>(state.total);
  char text[128];
  std::snprintf(text, sizeof text, " %d%%%s, %ld s left", static_cast<int>(share * 100), rate,
                static_cast<long>(state.seconds / share - state.seconds) + 1);
  const std::size_t used = what.size() + std::strlen(text);
  const std::string drawn = bar(share, width == 0 ? kUsualColumns : width - std::min(width, used));
  return (what + drawn + text).substr(0, width == 0 ? std::string::npos : width);
}

Progress::Progress(Work work)
    : work_(std::move(work)),
      terminal_(isatty(STDERR_FILENO) != 0),
      start_(std::chrono::steady_clock::now()),
      next_(start_ + (terminal_ ? std::chrono::steady_clock::duration(kBarEvery) : kLineEvery)) {}

void Progress::at(std::uint64_t count, std::uint64_t part) {
  if (work_.quiet) return;
  const auto now = std::chrono::steady_clock::now();
  if (now < next_) return;
  next_ = now + (terminal_ ? std::chrono::steady_clock::duration(kBarEvery) : kLineEvery);
  report(count, part, now);
}

void Progress::report(std::uint64_t count, std::uint64_t part, std::chrono::steady_clock::time_point now) {
  const ProgressState state{.count = count,
                            .part = part,
                            .total = work_.total,
                            .seconds = std::chrono::duration<double>(now - start_).count(),
                            .noun = work_.noun};
  // A line that fills the last column would wrap on some terminals.
  const std::string line = progress_line(work_.what, state, terminal_ ? terminal_columns() - 1 : 0);
  std::fprintf(stderr, terminal_ ? "\r\033[K%s" : "%s\n", line.c_str());
  std::fflush(stderr);
  shown_ = true;
}

void Progress::done() {
  if (shown_ && terminal_) std::fputs("\r\033[K", stderr);
  shown_ = false;
}

}  // namespace flashkv::kvctl
