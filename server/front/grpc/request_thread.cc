#include "server/front/grpc/request_thread.h"

#include <grpc/support/time.h>
#include <pthread.h>

#include <utility>

namespace flashkv {

RequestThread::RequestThread(std::unique_ptr<grpc::ServerCompletionQueue> queue, Services services)
    : queue_(std::move(queue)),
      inbox_(*queue_,
             [this] {
               for (const auto& group : groups_) group->notice();
             }),
      session_(services) {}

void RequestThread::start() {
  for (const auto& group : groups_) group->post();
  thread_ = std::thread([this] { run(); });
}

void RequestThread::run() {
  pthread_setname_np(pthread_self(), "request");
  session_.open_reader();
  while (run_until_idle()) {
    const Store& store = session_.store();
    if (idle_heap_.due(store.removed_bytes(), store.engine_stats().record_bytes)) return_freed_memory();
  }
  session_.close_reader();
}

// Returns after a gap, with no event waiting. False: the queue is closed.
bool RequestThread::run_until_idle() {
  const gpr_timespec gap = gpr_time_from_millis(IdleHeap::kGap.count(), GPR_TIMESPAN);
  const gpr_timespec until = gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gap);
  void* tag = nullptr;
  bool ok = false;
  for (;;) {
    switch (queue_->AsyncNext(&tag, &ok, until)) {
      case grpc::CompletionQueue::GOT_EVENT:
        static_cast<Event*>(tag)->ready(ok);
        break;
      case grpc::CompletionQueue::TIMEOUT:
        return true;
      case grpc::CompletionQueue::SHUTDOWN:
        return false;
    }
  }
}

void RequestThread::join() {
  if (thread_.joinable()) thread_.join();
}

void RequestThread::drain() noexcept {
  draining_.store(true, std::memory_order_relaxed);
  inbox_.wake();
}

void RequestThread::ended() {
  if (--pending_ == 0) queue_->Shutdown();
}

}  // namespace flashkv
