// All the fronts of a server.
#pragma once

#include <memory>
#include <vector>

#include "server/front/front.h"
#include "server/service/health_state.h"
#include "storage/store.h"

namespace flashkv {

// Purpose: starts, counts and stops any number of fronts as one.
// Usage:   FrontSet fronts; fronts.add(std::make_unique<GrpcServer>(...));
//          if (Status s = fronts.start(); !s.ok()) return s;
// Threads: counts() from any; everything else from the owner.
class FrontSet {
 public:
  void add(std::unique_ptr<Front> front) { fronts_.push_back(std::move(front)); }
  const std::vector<std::unique_ptr<Front>>& all() const noexcept { return fronts_; }

  // In the order of add(). If one fails, stops those before it and returns its status.
  Status start();
  MethodCounts counts() const;
  void begin_drain();
  // Stops all of them at once, so that none takes calls while another stops. Returns false if any of them had
  // to cancel calls.
  bool stop(Nanos patience);
  // The end of a server, within `patience`: health says NOT_SERVING before anything is refused, streams end,
  // the store applies and answers what is queued, and the fronts stop. Returns false if a reader was stuck or
  // calls had to be cancelled.
  bool drain(HealthState& health, Store& store, const Clock& clock, Nanos patience);

 private:
  std::vector<std::unique_ptr<Front>> fronts_;
};

}  // namespace flashkv
