// The engine "relativistic": chains under RCU in a table that grows and shrinks while readers walk it.
#pragma once

#include "storage/engine/parts/chain/chained_engine.h"
#include "storage/engine/relativistic/resizing_buckets.h"
#include "storage/reclaim/default_periods.h"
#include "storage/table/with_overlay.h"

namespace flashkv {

// Purpose: a chained table whose chains stay short whatever the number of keys.
// Usage:   WithOverlay<Relativistic<reclaim::Urcu>> engine(options);
//          Relativistic<reclaim::Epoch> small(options, ResizingBuckets::Pace{.min_log2 = 2});
// Threads, Lifetime, Cost, Limits: as chain::ChainedEngine.
// Source:  J. Triplett, P. McKenney, J. Walpole, "Resizable, scalable, concurrent hash tables via
//          relativistic programming", USENIX ATC 2011.
template <reclaim::GracePeriods G>
using Relativistic = chain::ChainedEngine<G, ResizingBuckets>;

static_assert(Engine<Relativistic<reclaim::DefaultPeriods>>);

}  // namespace flashkv
