#include "client/kvctl/top/stats_poll.h"

#include <algorithm>
#include <utility>

#include "client/kvctl/calls.h"

namespace flashkv::kvctl {

using Clock = std::chrono::steady_clock;

namespace {
constexpr std::chrono::milliseconds kRetryGap{1000};  // while the server is away
}  // namespace

StatsPoll::StatsPoll(client::Client& client, std::chrono::milliseconds interval)
    : client_(client), interval_(interval) {
  track_calls();
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

StatsPoll::~StatsPoll() {
  thread_.request_stop();
  cancel_calls();
  thread_.join();
  allow_calls();  // those of the next line of a script
}

void StatsPoll::run(const std::stop_token& stop) {
  for (auto due = Clock::now(); !stop.stop_requested();) {
    auto stats = client_.stats();
    const auto now = Clock::now();
    due = stats ? std::max(due + interval_, now) : now + std::min(interval_, kRetryGap);
    std::unique_lock lock(mutex_);
    if (stats)
      latest_.emplace(Snapshot{.stats = std::move(**stats), .taken = now});
    else
      latest_.emplace(stats.error());
    changed_.notify_all();
    changed_.wait_until(lock, stop, due, [] { return false; });
  }
}

std::optional<StatsPoll::Got> StatsPoll::wait(std::chrono::milliseconds longest) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, longest, [this] { return latest_.has_value(); });
  return std::exchange(latest_, std::nullopt);
}

}  // namespace flashkv::kvctl
