#include "client/kvctl/shell/cancel.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <thread>

#include "client/kvctl/calls.h"
#include "client/kvctl/interrupt.h"

namespace flashkv::kvctl {
namespace {

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
  track_calls();
  if (::pipe2(state_->pipe.data(), O_CLOEXEC) != 0 || ::pipe2(state_->idle.data(), O_CLOEXEC) != 0) return;
  for (const int end : {state_->pipe[1], state_->idle[0], state_->idle[1]}) ::fcntl(end, F_SETFL, O_NONBLOCK);
  cancel_fd = state_->pipe[1];
  idle_wake_fd = state_->idle[1];
  state_->thread = std::thread([from = state_->pipe[0]] {
    char byte = 0;
    for (ssize_t n = 0; (n = ::read(from, &byte, 1)) != 0;)
      if (n == 1) cancel_calls_of(byte);
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
  allow_calls(state_->number);
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
