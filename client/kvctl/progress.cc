#include "client/kvctl/progress.h"

#include <unistd.h>

#include <cstdio>
#include <utility>

namespace flashkv::kvctl {
namespace {
using namespace std::chrono_literals;
constexpr auto kBarEvery = 200ms;
constexpr auto kLineEvery = 10s;
constexpr int kBarWidth = 24;
}  // namespace

Progress::Progress(std::string what, std::uint64_t total, bool quiet)
    : what_(std::move(what)),
      total_(total),
      quiet_(quiet),
      terminal_(isatty(STDERR_FILENO) != 0),
      start_(std::chrono::steady_clock::now()),
      next_(start_ + (terminal_ ? std::chrono::steady_clock::duration(kBarEvery) : kLineEvery)) {}

void Progress::at(std::uint64_t count, std::uint64_t part) {
  if (quiet_) return;
  const auto now = std::chrono::steady_clock::now();
  if (now < next_) return;
  next_ = now + (terminal_ ? std::chrono::steady_clock::duration(kBarEvery) : kLineEvery);
  report(count, part, now);
}

void Progress::report(std::uint64_t count, std::uint64_t part, std::chrono::steady_clock::time_point now) {
  const double seconds = std::chrono::duration<double>(now - start_).count();
  std::string left;
  std::string bar;
  if (total_ > 0 && part > 0 && part <= total_) {
    const double share = static_cast<double>(part) / static_cast<double>(total_);
    left = ", " + std::to_string(static_cast<long>(seconds / share - seconds) + 1) + " s left";
    const int full = static_cast<int>(share * kBarWidth);
    bar = " [" + std::string(static_cast<std::size_t>(full), '#') +
          std::string(static_cast<std::size_t>(kBarWidth - full), '.') + "] " +
          std::to_string(static_cast<int>(share * 100)) + "%";
  }
  std::fprintf(stderr, "%s%s%s %llu records, %.0f/s%s%s", terminal_ ? "\r\033[K" : "", what_.c_str(),
               bar.c_str(), static_cast<unsigned long long>(count), static_cast<double>(count) / seconds,
               left.c_str(), terminal_ ? "" : "\n");
  std::fflush(stderr);
  shown_ = true;
}

void Progress::done() {
  if (shown_ && terminal_) std::fputs("\r\033[K", stderr);
  shown_ = false;
}

}  // namespace flashkv::kvctl
