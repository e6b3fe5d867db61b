#include "client/kvctl/calls.h"

#include <grpcpp/client_context.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <unordered_set>

#include "client/kvctl/interrupt.h"

namespace flashkv::kvctl {
namespace {

constexpr std::chrono::milliseconds kLook{100};

// gRPC keeps a pointer to it until the process ends.
class Calls final : public grpc::ClientContext::GlobalCallbacks {
 public:
  void DefaultConstructor(grpc::ClientContext* call) override {
    const std::lock_guard lock(mutex_);
    calls_.insert(call);
    if (canceled_) call->TryCancel();
  }
  void Destructor(grpc::ClientContext* call) override {
    const std::lock_guard lock(mutex_);
    calls_.erase(call);
  }
  void cancel_all() {
    const std::lock_guard lock(mutex_);
    cancel_locked();
  }
  void cancel_all_of(char command) {
    const std::lock_guard lock(mutex_);
    if (command == command_) cancel_locked();
  }
  void allow() {
    const std::lock_guard lock(mutex_);
    canceled_ = false;
  }
  void begin(char command) {
    const std::lock_guard lock(mutex_);
    command_ = command;
    canceled_ = false;
  }

 private:
  void cancel_locked() {
    canceled_ = true;
    for (grpc::ClientContext* call : calls_) call->TryCancel();
  }

  std::mutex mutex_;
  char command_ = 0;
  bool canceled_ = false;
  std::unordered_set<grpc::ClientContext*> calls_;
};

Calls& calls() {
  static Calls* const kept = [] {
    auto* all = new Calls;
    grpc::ClientContext::SetGlobalCallbacks(all);
    return all;
  }();
  return *kept;
}

}  // namespace

void track_calls() { calls(); }
void allow_calls(char command) { calls().begin(command); }
void cancel_calls() { calls().cancel_all(); }
void allow_calls() { calls().allow(); }
void cancel_calls_of(char command) { calls().cancel_all_of(command); }

CancelOnInterrupt::CancelOnInterrupt() {
  track_calls();
  thread_ = std::jthread([](const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any over;
    std::unique_lock lock(mutex);
    while (!over.wait_for(lock, stop, kLook, [] { return interrupted != 0; }))
      if (stop.stop_requested()) return;
    cancel_calls();
  });
}

CancelOnInterrupt::~CancelOnInterrupt() = default;

}  // namespace flashkv::kvctl
