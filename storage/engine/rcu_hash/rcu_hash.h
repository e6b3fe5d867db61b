// The engine "rcu-hash": chains under RCU in a table of one size.
#pragma once

#include "storage/engine/parts/chain/chained_engine.h"
#include "storage/engine/rcu_hash/fixed_buckets.h"
#include "storage/reclaim/default_periods.h"
#include "storage/table/with_overlay.h"

namespace flashkv {

// Purpose: RCU and nothing else: the baseline for the relativistic engine.
// Usage:   WithOverlay<RcuHash<reclaim::Urcu>> engine(options);
//          RcuHash<reclaim::Epoch> small(options, 4);   // 2^4 buckets
// Threads, Lifetime, Cost, Limits: as chain::ChainedEngine.
template <reclaim::GracePeriods G>
using RcuHash = chain::ChainedEngine<G, FixedBuckets>;

static_assert(Engine<RcuHash<reclaim::DefaultPeriods>>);

}  // namespace flashkv
