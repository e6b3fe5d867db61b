// The chained engines, small enough for long chains and frequent resizes.
#pragma once

#include <gtest/gtest.h>

#include "storage/engine/rcu_hash/rcu_hash.h"
#include "storage/engine/relativistic/relativistic.h"
#include "storage/reclaim/default_periods.h"
#include "storage/reclaim/epoch.h"
#include "storage/record/hash.h"

namespace flashkv::test {

template <reclaim::GracePeriods G>
struct SmallRcuHash : RcuHash<G> {
  SmallRcuHash() : RcuHash<G>(EngineOptions{}, 4U) {}
};
template <reclaim::GracePeriods G>
struct SmallRelativistic : Relativistic<G> {
  SmallRelativistic() : Relativistic<G>(EngineOptions{}, ResizingBuckets::Pace{.min_log2 = 1, .units = 64}) {}
};

// With either kind of grace periods, where a build has both.
#if defined(__SANITIZE_THREAD__)
using SmallEngines = ::testing::Types<SmallRcuHash<reclaim::Epoch>, SmallRelativistic<reclaim::Epoch>>;
#else
using SmallEngines = ::testing::Types<SmallRcuHash<reclaim::Epoch>, SmallRcuHash<reclaim::Urcu>,
                                      SmallRelativistic<reclaim::Epoch>, SmallRelativistic<reclaim::Urcu>>;
#endif

}  // namespace flashkv::test
