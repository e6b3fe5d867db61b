// Times requests, thread by thread.
#pragma once

#include <algorithm>
#include <list>
#include <mutex>

#include "server/config/limits.h"
#include "server/service/latency.h"
#include "server/service/slow_log.h"
#include "storage/sync/clock.h"

namespace flashkv {

// A request that has been answered.
struct Answered {
  MethodId method = kUnserved;
  Nanos came = 0;  // when its message had been read
  std::uint64_t request_bytes = 0;
  std::uint64_t reply_bytes = 0;
  Code code{};
};

// Purpose: times one thread's requests, and puts the slow ones into the slow log.
// Usage:   request.came = meter.now();      // its message has been read
//          ... meter.answered(request);     // its answer is about to be sent
// Threads: its request thread; latencies() also any.
// Cost:    one reading of the clock on each side of a request, in nanoseconds, and LatencyCounters::add().
//          Nothing shared is written unless the request was slow.
class RequestMeter {
 public:
  RequestMeter(const Clock& clock, Nanos threshold, SlowLog::Ring& slow)
      : clock_(clock), threshold_(threshold), slow_(slow) {}

  Nanos now() const noexcept { return clock_.now(); }
  void answered(const Answered& request) noexcept {
    const Nanos took = count(request.method, request.came, now());
    if (is_slow(took)) keep(request, took);
  }

  // The steps of answered(), for who reads the clock once for several requests. Returns how long it took.
  Nanos count(MethodId method, Nanos came, Nanos now) noexcept {
    const Nanos took = std::max<Nanos>(now - came, 0);
    latencies_.add(method, static_cast<std::uint64_t>(took));
    return took;
  }
  bool is_slow(Nanos took) const noexcept { return took >= threshold_; }
  void keep(const Answered& request, Nanos took) noexcept {
    slow_.add({.came = request.came,
               .took = took,
               .request_bytes = request.request_bytes,
               .reply_bytes = request.reply_bytes,
               .method = request.method,
               .code = request.code});
  }

  const LatencyCounters& latencies() const noexcept { return latencies_; }

 private:
  LatencyCounters latencies_;
  const Clock& clock_;
  const Nanos threshold_;
  SlowLog::Ring& slow_;
};

// Purpose: the meters of all request threads, whatever front they belong to, and the slow log.
// Threads: any.
// Lifetime: outlives the sessions; a meter and what it has counted stay when its session ends.
class RequestMeters {
 public:
  explicit RequestMeters(const RequestLimits& limits)
      : slow_log_(limits.slow_log_threshold, limits.slow_log_entries) {}

  // A meter for one more thread.
  RequestMeter& open(const Clock& clock) {
    const std::lock_guard lock(mutex_);
    return meters_.emplace_back(clock, slow_log_.threshold(), slow_log_.open());
  }
  MethodLatencies latencies() const {
    const std::lock_guard lock(mutex_);
    MethodLatencies sum{};
    for (const RequestMeter& meter : meters_) meter.latencies().add_to(sum);
    return sum;
  }
  SlowLog& slow_log() noexcept { return slow_log_; }
  const SlowLog& slow_log() const noexcept { return slow_log_; }

 private:
  SlowLog slow_log_;
  mutable std::mutex mutex_;  // of the list: taken at a thread's start and when somebody asks
  std::list<RequestMeter> meters_;
};

}  // namespace flashkv
