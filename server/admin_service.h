// What each Admin method does, whatever brought the request.
#pragma once

#include <functional>

#include "flashkv/v1/admin.pb.h"
#include "server/method.h"
#include "server/submission.h"

namespace flashkv {

// Purpose: one short function a method, in the manner of KvService.
// Threads: any, each with its own submission and messages.
// Lifetime: the store outlives it; `counts` may be asked as long as it is used.
class AdminService {
 public:
  AdminService(Store& store, unsigned request_threads, std::uint64_t max_retired_bytes)
      : store_(store), request_threads_(request_threads), max_retired_bytes_(max_retired_bytes) {}

  // Where the numbers of requests come from; set before the first call.
  void count_requests_with(std::function<MethodCounts()> counts) { counts_ = std::move(counts); }

  Status stats(v1::StatsResponse& reply) const;
  Status get_policy(v1::GetPublishPolicyResponse& reply) const;
  Outcome set_policy(const v1::SetPublishPolicyRequest& request, Submission& submission);
  Status set_policy_done(const Submission& submission, v1::SetPublishPolicyResponse& reply) const;
  Outcome publish(Submission& submission);
  Status publish_done(const Submission& submission, v1::PublishResponse& reply) const;

 private:
  void set_header(std::uint64_t revision, v1::ResponseHeader& header) const;

  Store& store_;
  const unsigned request_threads_;
  const std::uint64_t max_retired_bytes_;
  std::function<MethodCounts()> counts_ = [] { return MethodCounts{}; };
};

}  // namespace flashkv
