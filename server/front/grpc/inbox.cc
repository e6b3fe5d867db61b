#include "server/front/grpc/inbox.h"

#include <grpc/support/time.h>

#include <utility>

namespace flashkv {
namespace {

// The same list, last first.
Request* reversed(Request* first) noexcept {
  Request* head = nullptr;
  while (first != nullptr) {
    Request* next = first->next;
    first->next = head;
    head = std::exchange(first, next);
  }
  return head;
}

}  // namespace

Inbox::Inbox(grpc::CompletionQueue& queue, std::function<void()> on_wake)
    : queue_(queue), on_wake_(std::move(on_wake)) {}

void Inbox::complete(Request* first) noexcept {
  if (first == nullptr) return;
  Request* const oldest = first;
  Request* const newest = reversed(first);
  Request* head = newest_.load(std::memory_order_relaxed);
  // Release: the thread that takes the list sees what the writer filled in.
  do {
    oldest->next = head;
  } while (
      !newest_.compare_exchange_weak(head, newest, std::memory_order_acq_rel, std::memory_order_relaxed));
  ring();
}

void Inbox::wake() noexcept {
  woken_.store(true);
  ring();
}

void Inbox::ring() noexcept {
  if (!rung_.exchange(true)) {
    alarm_.Set(&queue_, gpr_time_0(GPR_CLOCK_MONOTONIC), static_cast<Event*>(this));
  }
}

void Inbox::ready(bool) {
  // Before the list is taken: whatever is pushed later rings again.
  rung_.store(false);
  Request* request = reversed(newest_.exchange(nullptr, std::memory_order_acq_rel));
  while (request != nullptr) {
    auto& done = static_cast<PendingCall&>(*request);
    request = std::exchange(request->next, nullptr);
    done.waiter->resume(done);
  }
  if (woken_.exchange(false)) on_wake_();
}

}  // namespace flashkv
