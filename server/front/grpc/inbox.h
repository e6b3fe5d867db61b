// Where the writer leaves finished requests for one request thread.
#pragma once

#include <grpcpp/alarm.h>
#include <grpcpp/completion_queue.h>

#include <atomic>
#include <functional>

#include "server/front/grpc/event.h"
#include "server/service/pending_call.h"

namespace flashkv {

// Purpose: a lock-free stack of finished requests and one alarm that wakes the thread: one wake-up a batch,
//          none while one is under way.
// Usage:   Inbox inbox(queue, [this] { look_at_flags(); });  call.sink = &inbox;
// Threads: complete() by the writer, wake() by any, ready() by the queue's thread.
// Lifetime: neither complete() nor wake() may run once its queue is shut down.
// Cost:    complete(): one pass over its list and, when the thread is not yet woken, an alarm (about 1 us).
class Inbox final : public CompletionSink, public Event {
 public:
  Inbox(grpc::CompletionQueue& queue, std::function<void()> on_wake);

  void complete(Request* first) noexcept override;
  void wake() noexcept;
  void ready(bool ok) override;

 private:
  void ring() noexcept;

  grpc::CompletionQueue& queue_;
  std::function<void()> on_wake_;
  alignas(64) std::atomic<Request*> newest_{nullptr};
  std::atomic<bool> rung_{false};   // the alarm is set, its event not yet seen: it must not be set again
  std::atomic<bool> woken_{false};  // wake() was called since the last event
  grpc::Alarm alarm_;
};

}  // namespace flashkv
