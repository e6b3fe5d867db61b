#include "client/kvctl/top/rates.h"

#include <algorithm>
#include <map>

namespace flashkv::kvctl {
namespace {

using v1::StatsResponse;

struct Calls {
  std::uint64_t all = 0, failed = 0;
};

// Whether the counters of `now` go on from those of `before`. A server that has started in between has been
// up for less than the time between the answers.
bool continues(const Snapshot& before, const Snapshot& now) {
  const auto between = std::chrono::duration_cast<std::chrono::milliseconds>(now.taken - before.taken);
  return before.stats.header().store_id() == now.stats.header().store_id() &&
         now.stats.uptime_ms() > before.stats.uptime_ms() &&
         now.stats.uptime_ms() >= static_cast<std::uint64_t>(std::max<std::int64_t>(between.count(), 0));
}

// Calls of a Pipeline are counted as Pipeline; their latencies, and so their number, are under their methods.
std::map<std::string, Calls> calls_of(const StatsResponse& s) {
  std::map<std::string, Calls> calls;
  for (const v1::MethodCount& m : s.requests()) {
    Calls& of_method = calls[m.method()];
    of_method.all += m.count();
    if (m.code() != 0) of_method.failed += m.count();
  }
  for (const v1::MethodLatency& l : s.latencies()) {
    Calls& of_method = calls[l.method()];
    of_method.all = std::max(of_method.all, l.count());
  }
  return calls;
}

// Each request once.
Calls all_calls(const StatsResponse& s) {
  Calls all;
  for (const v1::MethodCount& m : s.requests()) {
    all.all += m.count();
    if (m.code() != 0) all.failed += m.count();
  }
  return all;
}

// The counters of two snapshots, and the time between them.
class Interval {
 public:
  Interval(const Snapshot* before, const Snapshot& now) : now_(now.stats) {
    if (before == nullptr || !continues(*before, now)) return;
    before_ = &before->stats;
    seconds_ = static_cast<double>(now_.uptime_ms() - before_->uptime_ms()) / 1000;
  }

  std::optional<double> seconds() const {
    return before_ == nullptr ? std::nullopt : std::optional<double>(seconds_);
  }
  const StatsResponse* before() const { return before_; }

  std::optional<double> rate(std::uint64_t from, std::uint64_t to) const {
    if (before_ == nullptr || to < from) return std::nullopt;
    return static_cast<double>(to - from) / seconds_;
  }
  // Of a counter without which the server may be.
  template <typename Counter>
  std::optional<double> rate_of(Counter counter, bool known = true) const {
    if (before_ == nullptr || !known) return std::nullopt;
    return rate((before_->*counter)(), (now_.*counter)());
  }

 private:
  const StatsResponse& now_;
  const StatsResponse* before_ = nullptr;
  double seconds_ = 0;
};

const v1::MethodLatency* latency_of(const StatsResponse& s, const std::string& method) {
  const auto found = std::ranges::find(s.latencies(), method, &v1::MethodLatency::method);
  return found == s.latencies().end() ? nullptr : &*found;
}

// The least bound below which the share of the calls is. The last bucket has no bound but the longest call.
std::uint64_t bound_of(const std::vector<std::uint64_t>& counts, std::uint64_t calls, double share,
                       std::uint64_t longest) {
  const double wanted = share * static_cast<double>(calls);
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i + 1 < counts.size() && i < 63; ++i) {
    seen += counts[i];
    if (seen > 0 && static_cast<double>(seen) >= wanted) return std::min(std::uint64_t{1} << i, longest);
  }
  return longest;
}

std::optional<LatencyBounds> latency_between(const v1::MethodLatency* before, const v1::MethodLatency* now) {
  if (now == nullptr) return std::nullopt;
  std::vector<std::uint64_t> counts(now->buckets().begin(), now->buckets().end());
  std::uint64_t calls = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const bool had = before != nullptr && static_cast<int>(i) < before->buckets_size();
    const std::uint64_t earlier = had ? before->buckets(static_cast<int>(i)) : 0;
    counts[i] -= std::min(earlier, counts[i]);
    calls += counts[i];
  }
  if (calls == 0) return std::nullopt;
  return LatencyBounds{.p50 = bound_of(counts, calls, 0.5, now->max_us()),
                       .p99 = bound_of(counts, calls, 0.99, now->max_us()),
                       .max = bound_of(counts, calls, 1, now->max_us())};
}

std::vector<MethodRates> methods_of(const Interval& interval, const StatsResponse& now) {
  const auto earlier =
      interval.before() == nullptr ? std::map<std::string, Calls>() : calls_of(*interval.before());
  std::vector<MethodRates> methods;
  for (const auto& [name, calls] : calls_of(now)) {
    if (calls.all == 0) continue;
    const auto found = earlier.find(name);
    const Calls from = found == earlier.end() ? Calls{} : found->second;
    MethodRates& m = methods.emplace_back();
    m.name = name;
    m.total = calls.all;
    m.calls = interval.rate(from.all, calls.all);
    m.errors = interval.rate(from.failed, calls.failed);
    if (interval.before() != nullptr)
      m.latency = latency_between(latency_of(*interval.before(), name), latency_of(now, name));
  }
  std::ranges::stable_sort(methods, [](const MethodRates& a, const MethodRates& b) {
    return a.calls != b.calls ? a.calls > b.calls : a.total > b.total;
  });
  return methods;
}

std::optional<double> batch_between(const StatsResponse* before, const StatsResponse& now) {
  if (before == nullptr || now.batch_ops().count() <= before->batch_ops().count() ||
      now.applied_ops() < before->applied_ops())
    return std::nullopt;
  return static_cast<double>(now.applied_ops() - before->applied_ops()) /
         static_cast<double>(now.batch_ops().count() - before->batch_ops().count());
}

}  // namespace

bool counts_memory(const StatsResponse& stats) {
  return stats.memory_used_bytes() != 0 || !stats.memory_limit_source().empty();
}

Rates rates_between(const Snapshot* before, const Snapshot& now) {
  using S = StatsResponse;
  const S& s = now.stats;
  const Interval interval(before, now);
  Rates r;
  r.seconds = interval.seconds();
  r.mutations = interval.rate_of(&S::applied_ops);
  r.rejected = interval.rate_of(&S::rejected_requests);
  r.publishes = interval.rate_of(&S::publishes);
  r.deferrals = interval.rate_of(&S::deferrals);
  r.expired = interval.rate_of(&S::expired_keys);
  r.evicted = interval.rate_of(&S::evicted_keys, !s.eviction().empty());
  r.slow = interval.rate_of(&S::slow_requests, s.latencies_size() > 0);
  const auto user = interval.rate_of(&S::cpu_user_us);
  const auto system = interval.rate_of(&S::cpu_system_us);
  constexpr double kUsPerSecond = 1e6;
  if (user && system) r.cpu = (*user + *system) / kUsPerSecond;
  r.batch_ops = batch_between(interval.before(), s);
  r.methods = methods_of(interval, s);
  if (interval.before() != nullptr) {
    const Calls from = all_calls(*interval.before());
    const Calls to = all_calls(s);
    r.requests = interval.rate(from.all, to.all);
    r.errors = interval.rate(from.failed, to.failed);
  }
  return r;
}

}  // namespace flashkv::kvctl
