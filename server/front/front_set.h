// All the fronts of a server.
#pragma once

#include <memory>
#include <vector>

#include "server/front/front.h"

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

 private:
  std::vector<std::unique_ptr<Front>> fronts_;
};

}  // namespace flashkv
