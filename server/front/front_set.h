// All fronts of one server.
#pragma once

#include <memory>
#include <vector>

#include "server/front/front.h"

namespace flashkv {

// Purpose: starts, counts and stops any number of fronts as one.
// Usage:   FrontSet fronts; fronts.add(std::make_unique<GrpcServer>(...));
//          if (Status s = fronts.start(); !s.ok()) return s;
// Threads: counts() by any; everything else by the owner.
class FrontSet {
 public:
  void add(std::unique_ptr<Front> front) { fronts_.push_back(std::move(front)); }
  const std::vector<std::unique_ptr<Front>>& all() const noexcept { return fronts_; }

  // In the order of add(); when one cannot start, those before it are stopped and its status is returned.
  Status start();
  MethodCounts counts() const;
  void begin_drain();
  // All at the same time, so that none takes calls while another one stops. Returns false when any of them
  // had to cancel calls.
  bool stop(Nanos patience);

 private:
  std::vector<std::unique_ptr<Front>> fronts_;
};

}  // namespace flashkv
