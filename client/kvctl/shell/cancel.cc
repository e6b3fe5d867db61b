#include "client/kvctl/shell/cancel.h"

#include <fcntl.h>
#include <grpcpp/client_context.h>
#include <unistd.h>

#include <array>
#include <mutex>
#include <thread>
#include <unordered_set>

#include "client/kvctl/interrupt.h"

namespace flashkv::kvctl {
namespace {

// All calls of the process that have begun and not ended. gRPC keeps a pointer to it until the process ends.
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
  // Unless another command runs by now.
  void cancel_all(char command) {
    const std::lock_guard lock(mutex_);
    if (command != command_) return;
    canceled_ = true;
    for (grpc::ClientContext* call : calls_) call->TryCancel();
  }

  void begin(char command) {
    const std::lock_guard lock(mutex_);
    command_ = command;
    canceled_ = false;
  }

 private:
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

// What the handler writes to: for the canceling thread, and for whoever waits for input.
int cancel_fd = -1, idle_wake_fd = -1;
volatile std::sig_atomic_t running = 0;  // the number of the running command, 1 to 100; 0 = none

void on_interrupt(int) {
  const bool cancels = running != 0 && (interrupted != 0 || command_stops_itself == 0);
  interrupted = 1;
  const char command = static_cast<char>(running);
  // A full pipe holds enough wake-ups.
  if (cancels && ::write(cancel_fd, &command, 1) < 0) return;
  if (running == 0 && ::write(idle_wake_fd, &command, 1) < 0) return;
}

}  // namespace

struct Canceller::State {
  std::array<int, 2> pipe{-1, -1}, idle{-1, -1};
  struct sigaction before = {};
  std::thread thread;
  char number = 0;  // of the last command
};

Canceller::Canceller() : state_(std::make_unique<State>()) {
  calls();
  if (::pipe2(state_->pipe.data(), O_CLOEXEC) != 0 || ::pipe2(state_->idle.data(), O_CLOEXEC) != 0) return;
  for (const int end : {state_->pipe[1], state_->idle[0], state_->idle[1]}) ::fcntl(end, F_SETFL, O_NONBLOCK);
  cancel_fd = state_->pipe[1];
  idle_wake_fd = state_->idle[1];
  state_->thread = std::thread([from = state_->pipe[0]] {
    char byte = 0;
    for (ssize_t n = 0; (n = ::read(from, &byte, 1)) != 0;)
      if (n == 1) calls().cancel_all(byte);
  });
  shell_takes_interrupts = true;
  // Without SA_RESTART: a command that reads standard input must notice.
  struct sigaction action = {};
  action.sa_handler = on_interrupt;
  sigaction(SIGINT, &action, &state_->before);
}

Canceller::~Canceller() {
  if (!state_->thread.joinable()) return;
  sigaction(SIGINT, &state_->before, nullptr);
  for (const int end : state_->idle) ::close(end);
  shell_takes_interrupts = false;
  ::close(state_->pipe[1]);
  state_->thread.join();
  ::close(state_->pipe[0]);
}

bool Canceller::begin() {
  state_->number = static_cast<char>(state_->number % 100 + 1);
  calls().begin(state_->number);
  interrupted = 0;
  running = state_->number;
  char byte = 0;
  if (::read(state_->idle[0], &byte, 1) != 1) return true;
  running = 0;
  return false;
}

void Canceller::end() { running = 0; }

int Canceller::idle_fd() const { return state_->idle[0]; }

}  // namespace flashkv::kvctl
