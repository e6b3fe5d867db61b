// The simulation's clock: it stands still except in turns of the writer, where each reading may move it.
#pragma once

#include <functional>
#include <utility>

#include "storage/sync/clock.h"

namespace flashkv::sim {

// The instants of one turn, as the writer read them.
struct TurnTimes {
  Nanos began = 0;    // the first reading
  Nanos decided = 0;  // the second: expiries and deadlines are judged by it
  Nanos ended = 0;    // the last
};

// Purpose: moves at each reading, so that a reading at the wrong place shows; on a clock that stands still
//          all readings are the same.
// Usage:   clock.begin_turn(tick, [&] { actions of other threads });  store.step();
//          TurnTimes t = clock.end_turn();
// Threads: one.
class SimClock final : public Clock {
 public:
  Nanos now() const noexcept override {
    if (!in_turn_) return now_;
    const Nanos read = now_;
    times_.ended = read;
    ++readings_;
    if (readings_ == 1) times_.began = times_.decided = read;
    if (readings_ == 2) times_.decided = read;
    now_ += tick_;
    if (readings_ == 1 && meanwhile_) {
      in_turn_ = false;
      meanwhile_();
      in_turn_ = true;
    }
    return read;
  }
  void advance(Nanos by) noexcept { now_ += by; }

  // From now on each reading moves it by `tick`; `meanwhile` runs after the first and must not throw.
  void begin_turn(Nanos tick, std::function<void()> meanwhile) {
    tick_ = tick;
    meanwhile_ = std::move(meanwhile);
    readings_ = 0;
    in_turn_ = true;
  }
  TurnTimes end_turn() noexcept {
    in_turn_ = false;
    return times_;
  }

 private:
  mutable Nanos now_ = 1'700'000'000'000 * kNanosPerMilli;
  mutable TurnTimes times_;
  mutable int readings_ = 0;
  mutable bool in_turn_ = false;
  Nanos tick_ = 0;
  std::function<void()> meanwhile_;
};

}  // namespace flashkv::sim
