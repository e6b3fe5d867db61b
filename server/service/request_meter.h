// Times requests, thread by thread.
#pragma once

#include <algorithm>
#include <list>
#include <mutex>

#include "server/service/latency.h"
#include "storage/sync/clock.h"

namespace flashkv {

// A request that has been answered.
struct Answered {
  MethodId method = kUnserved;
  Nanos came = 0;  // when its message had been read
};

// Purpose: times one thread's requests.
// Usage:   request.came = meter.now();      // its message has been read
//          ... meter.answered(request);     // its answer is about to be sent
// Threads: its request thread; latencies() also any.
// Cost:    one reading of the clock on each side of a request, in nanoseconds, and LatencyCounters::add().
//          Nothing shared is written.
class RequestMeter {
 public:
  explicit RequestMeter(const Clock& clock) : clock_(clock) {}

  Nanos now() const noexcept { return clock_.now(); }
  void answered(const Answered& request) noexcept { answered(request, now()); }
  void answered(const Answered& request, Nanos now) noexcept {
    latencies_.add(request.method, static_cast<std::uint64_t>(std::max<Nanos>(now - request.came, 0)));
  }
  const LatencyCounters& latencies() const noexcept { return latencies_; }

 private:
  LatencyCounters latencies_;
  const Clock& clock_;
};

// Purpose: the meters of all request threads, whatever front they belong to.
// Threads: any.
// Lifetime: outlives the sessions; a meter and what it has counted stay when its session ends.
class RequestMeters {
 public:
  // A meter for one more thread.
  RequestMeter& open(const Clock& clock) {
    const std::lock_guard lock(mutex_);
    return meters_.emplace_back(clock);
  }
  MethodLatencies latencies() const {
    const std::lock_guard lock(mutex_);
    MethodLatencies sum{};
    for (const RequestMeter& meter : meters_) meter.latencies().add_to(sum);
    return sum;
  }

 private:
  mutable std::mutex mutex_;  // of the list: taken at a thread's start and when somebody asks
  std::list<RequestMeter> meters_;
};

}  // namespace flashkv
