#include "server/front/front_set.h"

#include <algorithm>
#include <atomic>
#include <thread>

namespace flashkv {

Status FrontSet::start() {
  for (std::size_t i = 0; i < fronts_.size(); ++i) {
    Status started = fronts_[i]->start();
    if (started.ok()) continue;
    for (std::size_t before = 0; before < i; ++before) fronts_[before]->stop(0);
    return started;
  }
  return {};
}

MethodCounts FrontSet::counts() const {
  MethodCounts sum{};
  for (const auto& front : fronts_) {
    const MethodCounts counts = front->counts();
    for (std::size_t m = 0; m < kMaxMethods; ++m) {
      for (std::size_t c = 0; c < kCodes; ++c) sum[m][c] += counts[m][c];
    }
  }
  return sum;
}

void FrontSet::begin_drain() {
  for (const auto& front : fronts_) front->begin_drain();
}

bool FrontSet::stop(Nanos patience) {
  std::atomic<bool> answered{true};
  std::vector<std::thread> stopping;
  for (const auto& front : fronts_) {
    stopping.emplace_back([&answered, &front, patience] {
      if (!front->stop(patience)) answered = false;
    });
  }
  for (std::thread& each : stopping) each.join();
  return answered;
}

bool FrontSet::drain(HealthState& health, Store& store, const Clock& clock, Nanos patience) {
  const Nanos end = clock.now() + patience;
  health.set_serving(false);
  begin_drain();
  const bool settled = store.stop(patience);
  const bool answered = stop(std::max<Nanos>(end - clock.now(), 0));
  return settled && answered;
}

}  // namespace flashkv
