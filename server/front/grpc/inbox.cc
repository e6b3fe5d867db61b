#include "server/front/grpc/inbox.h"

#include <grpc/support/time.h>

#include <utility>

namespace flashkv {

Inbox::Inbox(grpc::CompletionQueue& queue, std::function<void()> on_wake)
    : queue_(queue), on_wake_(std::move(on_wake)) {}

void Inbox::complete(Request* first) noexcept {
  if (first != nullptr && done_.push(first)) ring();
}

void Inbox::wake() noexcept {
  if (done_.notify()) ring();
}

void Inbox::ring() noexcept {
  alarm_.Set(&queue_, gpr_time_0(GPR_CLOCK_MONOTONIC), static_cast<Event*>(this));
}

void Inbox::ready(bool) {
  auto [request, notified] = done_.take();
  while (request != nullptr) {
    auto& done = static_cast<PendingCall&>(*request);
    request = std::exchange(request->next, nullptr);
    done.waiter->resume(done);
  }
  if (notified) on_wake_();
}

}  // namespace flashkv
