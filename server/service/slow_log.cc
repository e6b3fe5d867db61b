#include "server/service/slow_log.h"

#include <algorithm>

namespace flashkv {

void SlowLog::Ring::add(SlowRequest request) noexcept {
  request.id = log_.total_.fetch_add(1, std::memory_order_relaxed) + 1;
  if (kept_.empty()) return;
  const std::lock_guard lock(mutex_);
  kept_[next_ % kept_.size()] = request;
  ++next_;
}

void SlowLog::Ring::copy_to(std::vector<SlowRequest>& to, std::uint64_t most, bool reset) {
  const std::lock_guard lock(mutex_);
  const std::uint64_t oldest = next_ - std::min<std::uint64_t>(next_, kept_.size());
  const std::uint64_t latest = next_ - std::min(next_, most);
  for (std::uint64_t i = std::max({first_, oldest, latest}); i < next_; ++i)
    to.push_back(kept_[i % kept_.size()]);
  if (reset) first_ = next_;
}

SlowLog::Ring& SlowLog::open() {
  const std::lock_guard lock(mutex_);
  return rings_.emplace_back(*this, entries_);
}

SlowLog::Latest SlowLog::read(std::uint64_t limit, bool reset) {
  Latest latest;
  // The latest of all rings are among the latest of each.
  const std::uint64_t most = limit == 0 ? entries_ : std::min(limit, entries_);
  {
    const std::lock_guard lock(mutex_);
    latest.requests.reserve(rings_.size() * most);  // no allocation while a ring is locked
    for (Ring& ring : rings_) ring.copy_to(latest.requests, most, reset);
  }
  latest.total = total();
  std::sort(latest.requests.begin(), latest.requests.end(),
            [](const SlowRequest& a, const SlowRequest& b) { return a.id > b.id; });
  if (latest.requests.size() > most) latest.requests.resize(most);
  return latest;
}

}  // namespace flashkv
