// Finished requests on their way back: one call per sink and step.
#pragma once

#include <array>
#include <cstddef>

#include "storage/request/request.h"
#include "storage/request/request_list.h"

namespace flashkv {

// Purpose: collects the requests a step finished and passes each sink its own as one list, in the order
//          added.
// Usage:   done.add(request); ...; done.deliver();   // once, at the end of the step
// Threads: one.
// Cost:    no allocation. add() for another sink than the previous one scans the sinks in use.
// Limits:  up to kSinks sinks get one call a step; with more, add() delivers early, still in order.
class Completions {
 public:
  static constexpr std::size_t kSinks = 128;

  void add(Request& request) noexcept {
    ++added_;
    lane_for(request.sink).list.push(request);
  }
  void deliver() noexcept {
    // A sink may be destroyed once it has its last request: forget it first.
    const std::size_t n = used_;
    used_ = 0;
    last_ = 0;
    for (std::size_t i = 0; i < n; ++i) {
      CompletionSink* sink = lanes_[i].sink;
      if (Request* first = lanes_[i].list.release()) sink->complete(first);
    }
  }
  // Requests added since construction.
  std::uint64_t added() const noexcept { return added_; }

 private:
  struct Lane {
    CompletionSink* sink = nullptr;
    RequestList list;
  };
  Lane& lane_for(CompletionSink* sink) noexcept {
    if (last_ < used_ && lanes_[last_].sink == sink) return lanes_[last_];
    for (std::size_t i = 0; i < used_; ++i) {
      if (lanes_[i].sink == sink) return lanes_[last_ = i];
    }
    if (used_ == kSinks) deliver();
    last_ = used_++;
    lanes_[last_].sink = sink;
    return lanes_[last_];
  }

  std::array<Lane, kSinks> lanes_;
  std::size_t used_ = 0;
  std::size_t last_ = 0;
  std::uint64_t added_ = 0;
};

}  // namespace flashkv
