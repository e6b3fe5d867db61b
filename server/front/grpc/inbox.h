// Finished requests on their way from the writer to one request thread.
#pragma once

#include <grpcpp/alarm.h>
#include <grpcpp/completion_queue.h>

#include <functional>

#include "server/front/grpc/event.h"
#include "server/service/pending_call.h"
#include "storage/request/completion_stack.h"

namespace flashkv {

// Purpose: a CompletionStack and the alarm that wakes its thread: one wake-up a batch, none while one is
//          under way.
// Usage:   Inbox inbox(queue, [this] { look_at_flags(); });  call.sink = &inbox;
// Threads: complete() by the writer, wake() by any, ready() by the queue's thread.
// Lifetime: neither complete() nor wake() may run once its queue is shut down.
// Cost:    complete(): one pass over its list and, when no wake-up is under way, an alarm (about 1 us).
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
  CompletionStack done_;
  grpc::Alarm alarm_;  // set again only after its event was seen (W3)
};

}  // namespace flashkv
