// What the server asks of a front.
#pragma once

#include <string>

#include "server/service/method.h"
#include "storage/request/status.h"
#include "storage/sync/clock.h"

namespace flashkv {

// Purpose: serves every method of the table (method_table.h) on one address over one transport.
// Usage:   if (Status s = front.start(); !s.ok()) return s;
//          ... front.begin_drain(); store.stop(patience); front.stop(patience);
// Threads: counts() by any; everything else by the owner.
// Lifetime: stopped before the store and the services go.
class Front {
 public:
  virtual ~Front() = default;

  // Errors: UNAVAILABLE when the address cannot be bound.
  virtual Status start() = 0;
  // Where it listens, with the port that was chosen for port 0.
  virtual const std::string& address() const = 0;
  virtual MethodCounts counts() const = 0;
  // Watchers of health are told; streams end once what they have read is answered.
  virtual void begin_drain() = 0;
  // Takes no new call, waits at most `patience` until those in flight are answered, then closes every
  // connection. The store must have stopped, so that no call waits for the writer. Returns false when calls
  // had to be cancelled.
  virtual bool stop(Nanos patience) = 0;
};

}  // namespace flashkv
