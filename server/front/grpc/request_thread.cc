#include "server/front/grpc/request_thread.h"

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
  void* tag = nullptr;
  bool ok = false;
  while (queue_->Next(&tag, &ok)) static_cast<Event*>(tag)->ready(ok);
  session_.close_reader();
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
