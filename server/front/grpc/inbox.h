// Hands completed calls from the writer to one request thread.
#pragma once

#include <grpcpp/alarm.h>
#include <grpcpp/completion_queue.h>

#include <functional>

#include "server/front/grpc/event.h"
#include "server/service/pending_call.h"
#include "storage/request/completion_stack.h"

namespace flashkv {

// Purpose: a CompletionStack and the alarm that wakes its thread: one wake-up per batch, none while another
//          is pending.
// Usage:   Inbox inbox(queue, [this] { look_at_flags(); });  call.sink = &inbox;
// Threads: complete() and wake() on any, ready() on the queue's thread.
// Lifetime: neither complete() nor wake() may run once the queue is shut down.
// Cost:    complete(): one pass over the list and, unless a wake-up is pending, an alarm (about 1 us).
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
  grpc::Alarm alarm_;  // set again only once its event has been delivered (W3)
};

}  // namespace flashkv
