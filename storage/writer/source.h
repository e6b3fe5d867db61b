// Work that comes from inside the store.
#pragma once

#include <cstdint>

#include "storage/request/request.h"
#include "storage/sync/clock.h"

namespace flashkv {

// Purpose: offers mutations that no client asked for (expiry, eviction, a replicated log), in pieces that the
//          source itself bounds, so that a backlog never holds up the clients' batch for longer than one
//          piece.
// Usage:   class Expiry final : public Source { ... };
//          Writer writer(engine, policy, limits, clock, {&expiry, 1});
// Threads: the writer's. A source that other threads feed makes its work visible (seq_cst) and then calls
//          Writer::wake(); due() must see it from then on.
// Lifetime: outlives the writer. An offered request is the writer's until take_back().
// Limits:  what each source offers in one step is a batch of its own, no larger than max_batch. It is applied
//          before the clients' batch.
class Source {
 public:
  virtual ~Source() = default;

  // When it next has something to offer: a time in the past means now, kNever means not until wake().
  virtual Nanos due() const noexcept = 0;
  // Requests to apply now, linked through Request::next, oldest first, of `max_ops` operations together or
  // one larger request; null when there are none. Their operations' hashes are set. A request may carry its
  // revision: above the last assigned, in order; 0 takes the next one.
  virtual Request* offer(std::uint64_t assigned, Nanos now, std::uint64_t max_ops) noexcept = 0;
  // Returns the offered list in the same order, each request applied or with the status that says why not.
  // Readers see what was applied after the next publish.
  virtual void take_back(Request* first) noexcept = 0;
};

}  // namespace flashkv
