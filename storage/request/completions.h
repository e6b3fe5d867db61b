// Finished requests on their way back: one call per sink and turn.
#pragma once

#include <array>
#include <cstddef>

#include "storage/request/request.h"
#include "storage/request/request_list.h"

namespace flashkv {

// Purpose: gathers what a turn finished and gives each sink its share as one list, in the order added.
// Usage:   done.add(request); ...; done.deliver();   // once, at the end of the turn
// Threads: one.
// Cost:    no allocation. A sink that was not the last one asked for costs a scan of the sinks in use.
// Limits:  kSinks sinks a turn get one call; beyond that the fullest turn delivers early, in order all
//          the same.
class Completions {
 public:
  static constexpr std::size_t kSinks = 128;

  void add(Request& request) noexcept {
    ++added_;
    lane_for(request.sink).list.push(request);
  }
  void deliver() noexcept {
    // A sink may be gone once it has its last request: forget it first.
    const std::size_t n = used_;
    used_ = 0;
    last_ = 0;
    for (std::size_t i = 0; i < n; ++i) {
      CompletionSink* sink = lanes_[i].sink;
      if (Request* first = lanes_[i].list.release()) sink->complete(first);
    }
  }
  // How many were ever added.
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
