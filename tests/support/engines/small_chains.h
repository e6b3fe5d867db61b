// The chained engines, small enough for long chains and frequent resizes.
#pragma once

#include "storage/engine/rcu_hash/rcu_hash.h"
#include "storage/engine/relativistic/relativistic.h"
#include "storage/table/engine_options.h"

namespace flashkv::test {

template <reclaim::GracePeriods G>
struct SmallRcuHash : RcuHash<G> {
  explicit SmallRcuHash(const EngineOptions& options = {}) : RcuHash<G>(options, 4U) {}
};
template <reclaim::GracePeriods G>
struct SmallRelativistic : Relativistic<G> {
  explicit SmallRelativistic(const EngineOptions& options = {})
      : Relativistic<G>(options, ResizingBuckets::Pace{.min_log2 = 1, .units = 32}) {}
};

}  // namespace flashkv::test
