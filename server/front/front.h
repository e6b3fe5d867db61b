// The interface of a front: a transport that serves the method table.
#pragma once

#include <string>

#include "server/service/method.h"
#include "storage/request/status.h"
#include "storage/sync/clock.h"

namespace flashkv {

// Purpose: serves every method of the table (method_table.h) on one address over one transport.
// Usage:   if (Status s = front.start(); !s.ok()) return s;
//          ... front.begin_drain(); store.stop(patience); front.stop(patience);
// Threads: counts() from any; everything else from the owner.
// Lifetime: stopped before the store and the services are destroyed.
class Front {
 public:
  virtual ~Front() = default;

  // Errors: UNAVAILABLE when the address cannot be bound.
  virtual Status start() = 0;
  // The address it listens on; port 0 is replaced by the port chosen.
  virtual const std::string& address() const = 0;
  virtual MethodCounts counts() const = 0;
  // Notifies health watchers, and ends each stream once everything it has read is answered.
  virtual void begin_drain() = 0;
  // Takes no new calls, waits up to `patience` for those in flight, then closes every connection. The store
  // must have stopped, so that no call is waiting for the writer. Returns false if calls had to be cancelled.
  virtual bool stop(Nanos patience) = 0;
};

}  // namespace flashkv
