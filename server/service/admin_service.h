// The Admin methods, independent of the transport.
#pragma once

#include <functional>

#include "flashkv/v1/admin.pb.h"
#include "server/service/method.h"
#include "server/service/pending_call.h"
#include "server/service/request_meter.h"
#include "server/service/watch/watch_counts.h"

namespace flashkv {

// Purpose: one short function per method, used like KvService's.
// Threads: any, each with its own call and messages.
// Lifetime: the store outlives it; the function given to count_requests_with() is called by every stats().
class AdminService {
 public:
  AdminService(Store& store, unsigned request_threads, const RequestLimits& limits = {})
      : store_(store), request_threads_(request_threads), meters_(limits) {}

  // Where stats() gets the watches' numbers from, and how many may be open; set before the first call.
  void count_watches_with(const WatchCounts& counts, std::uint64_t most) {
    watches_ = &counts;
    max_watches_ = most;
  }
  // Where stats() gets the request counts from; set before the first call.
  void count_requests_with(std::function<MethodCounts()> counts) { counts_ = std::move(counts); }

  // The request threads' meters; each Session opens its own.
  RequestMeters& meters() noexcept { return meters_; }

  Status stats(v1::StatsResponse& reply) const;
  Status get_policy(v1::GetPublishPolicyResponse& reply) const;
  Started set_policy(const v1::SetPublishPolicyRequest& request, PendingCall& call);
  Status finish_set_policy(const PendingCall& call, v1::SetPublishPolicyResponse& reply) const;
  Started publish(PendingCall& call);
  Status finish_publish(const PendingCall& call, v1::PublishResponse& reply) const;
  Status slow_log(const v1::SlowLogRequest& request, v1::SlowLogResponse& reply);
  Status set_log_level(const v1::SetLogLevelRequest& request, v1::SetLogLevelResponse& reply);

 private:
  void set_header(std::uint64_t revision, v1::ResponseHeader& header) const;

  void add_watches(const StoreStats& stats, v1::StatsResponse& to) const;

  Store& store_;
  const WatchCounts* watches_ = nullptr;
  std::uint64_t max_watches_ = 0;
  const unsigned request_threads_;
  RequestMeters meters_;
  std::function<MethodCounts()> counts_ = [] { return MethodCounts{}; };
};

}  // namespace flashkv
