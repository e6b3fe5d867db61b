// One request thread: a completion queue, a read handle and the calls that use them.
#pragma once

#include <grpcpp/completion_queue.h>
#include <grpcpp/server_builder.h>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "server/front/grpc/inbox.h"
#include "server/process/idle_heap.h"
#include "server/service/method.h"
#include "server/service/session.h"

namespace flashkv {

// Purpose: the calls of one method on one thread.
// Threads: post() before the thread starts; everything else on the thread.
class CallGroup {
 public:
  virtual ~CallGroup() = default;
  virtual void post() = 0;
  // The server is draining, or its health has changed.
  virtual void notice() {}
};

// Purpose: bounds what idle calls keep in their messages for the next use.
// Threads: its request thread.
class IdleMemory {
 public:
  static constexpr std::size_t kMaxBytes = std::size_t{1} << 20;

  // Returns false if that would exceed the bound; the caller then keeps nothing.
  bool keep(std::size_t bytes) noexcept {
    if (bytes_ + bytes > kMaxBytes) return false;
    bytes_ += bytes;
    return true;
  }
  // Kept memory is in use again, or has been freed.
  void take(std::size_t bytes) noexcept { bytes_ -= bytes; }
  std::size_t bytes() const noexcept { return bytes_; }

 private:
  std::size_t bytes_ = 0;
};

// Purpose: runs the handlers of one queue, one after another, so what its calls share needs no lock.
// Usage:   RequestThread t(builder.AddCompletionQueue(), services...); t.add(group); t.start(); ... t.join();
// Lifetime: joined once the gRPC server is shut down and the store has stopped: every call then completes,
//          and the last one shuts the queue down.
class RequestThread {
 public:
  RequestThread(std::unique_ptr<grpc::ServerCompletionQueue> queue, Services services);

  void add(std::unique_ptr<CallGroup> group) { groups_.push_back(std::move(group)); }
  void start();
  void join();
  // Any thread: soon calls notice() on every group. drain() sets draining() first, on which streams end.
  void wake() noexcept { inbox_.wake(); }
  void drain() noexcept;

  grpc::ServerCompletionQueue& queue() noexcept { return *queue_; }
  Inbox& inbox() noexcept { return inbox_; }
  Session& session() noexcept { return session_; }
  MethodCounters& counters() noexcept { return counters_; }
  IdleMemory& idle_memory() noexcept { return idle_memory_; }
  bool draining() const noexcept { return draining_.load(std::memory_order_relaxed); }

  // A call is pending from started() to ended(); the queue stays open while any is.
  void started() noexcept { ++pending_; }
  void ended();
  // A client's call is in flight from begun() to done().
  void begun() noexcept { set_in_flight(in_flight() + 1); }
  void done() noexcept { set_in_flight(in_flight() - 1); }
  // Any thread.
  std::uint64_t in_flight() const noexcept { return in_flight_.load(std::memory_order_acquire); }

 private:
  void run();
  bool run_until_idle();
  // Only the thread writes it, so no read-modify-write is needed.
  void set_in_flight(std::uint64_t n) noexcept { in_flight_.store(n, std::memory_order_release); }

  std::unique_ptr<grpc::ServerCompletionQueue> queue_;
  Inbox inbox_;
  Session session_;
  MethodCounters counters_;
  IdleMemory idle_memory_;
  IdleHeap idle_heap_;
  std::vector<std::unique_ptr<CallGroup>> groups_;
  std::atomic<bool> draining_{false};
  std::atomic<std::uint64_t> in_flight_{0};
  std::size_t pending_ = 0;
  std::thread thread_;
};

}  // namespace flashkv
