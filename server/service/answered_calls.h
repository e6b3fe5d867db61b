// Times the calls of a Pipeline stream.
#pragma once

#include <array>
#include <cstddef>

#include "flashkv/v1/kv.pb.h"
#include "server/service/pipelined_call.h"
#include "server/service/request_meter.h"

namespace flashkv {

// Purpose: reads the clock once for up to kMost answers of a reply, not once for each: many calls are shorter
//          than a few readings. Answers leave together, so the latest time is right for all of them.
// Usage:   calls.add(meter, {.call = &call, .came = ...});  ... calls.settle(meter);
// Threads: its stream's.
// Lifetime: a call's message lives until the next settle().
// Limits:  kMost answers share a reading: a call's time may include that of the kMost - 1 after it.
class AnsweredCalls {
 public:
  static constexpr std::size_t kMost = 32;

  struct Call {
    const v1::Call* call = nullptr;
    Nanos came = 0;  // when its message had been read
    std::size_t reply_bytes = 0;
    Code code{};
  };

  void add(RequestMeter& meter, const Call& answered) noexcept {
    calls_[count_] = answered;
    if (++count_ == kMost) settle(meter);
  }
  // What was added has been answered now.
  void settle(RequestMeter& meter) noexcept {
    if (count_ == 0) return;
    const Nanos now = meter.now();
    for (std::size_t i = 0; i < count_; ++i) {
      const Call& each = calls_[i];
      const MethodId method = method_of(*each.call);
      const Nanos took = meter.count(method, each.came, now);
      if (meter.is_slow(took)) keep(meter, each, method, took);
    }
    count_ = 0;
  }

 private:
  // The request's size takes a walk over it, which the others are spared.
  static void keep(RequestMeter& meter, const Call& slow, MethodId method, Nanos took) noexcept {
    meter.keep({.method = method,
                .came = slow.came,
                .request_bytes = slow.call->ByteSizeLong(),
                .reply_bytes = slow.reply_bytes,
                .code = slow.code},
               took);
  }

  std::array<Call, kMost> calls_;
  std::size_t count_ = 0;
};

}  // namespace flashkv
