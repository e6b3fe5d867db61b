// The publish policy: how often the writer publishes.
#pragma once

#include <cstdint>

#include "storage/sync/clock.h"

namespace flashkv {

// interval is the minimum gap between two publishes. adaptive: an idle store publishes at once; not adaptive:
// publishes happen only on the ticks of the interval.
struct PublishPolicy {
  static constexpr Nanos kMaxInterval = Nanos{24} * 3600 * 1'000'000'000;
  static constexpr std::uint64_t kMaxBatch = 1'000'000;

  Nanos interval = 0;              // ns; 0 = as soon as a batch is applied
  std::uint64_t max_batch = 1024;  // operations applied per step; never splits a request
  bool adaptive = true;
};

// The field of a policy that is out of bounds.
enum class PolicyError : std::uint8_t { kNone, kInterval, kMaxBatch };

// Checks a policy that came from outside, by whatever way; returns the first bad field.
constexpr PolicyError policy_error(const PublishPolicy& policy) noexcept {
  if (policy.interval < 0 || policy.interval > PublishPolicy::kMaxInterval) return PolicyError::kInterval;
  if (policy.max_batch == 0 || policy.max_batch > PublishPolicy::kMaxBatch) return PolicyError::kMaxBatch;
  return PolicyError::kNone;
}

// Names the bad field and its range.
constexpr const char* text_of(PolicyError error) noexcept {
  static_assert(PublishPolicy::kMaxInterval == Nanos{24 * 3600} * 1000 * kNanosPerMilli);
  static_assert(PublishPolicy::kMaxBatch == 1'000'000);
  switch (error) {
    case PolicyError::kNone:
      break;
    case PolicyError::kInterval:
      return "interval: must be 0 to 24 hours";
    case PolicyError::kMaxBatch:
      return "max_batch: must be 1 to 1000000";
  }
  return "";
}

}  // namespace flashkv
