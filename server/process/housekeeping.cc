#include "server/process/housekeeping.h"

#include <asio/io_context.hpp>
#include <asio/signal_set.hpp>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <future>
#include <optional>
#include <thread>
#include <utility>

#include "server/process/log.h"

namespace flashkv {
namespace {

// Two stop signals this close count as one: timeout(1), for example, signals both the process and its group.
constexpr std::chrono::milliseconds kSameSignal{100};

// Blocks or unblocks SIGTERM, SIGINT and SIGHUP on the calling thread (SIG_BLOCK, SIG_UNBLOCK).
void mask_signals(int how) {
  sigset_t handled;
  sigemptyset(&handled);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&handled, signal);
  pthread_sigmask(how, &handled, nullptr);
}

}  // namespace

void hold_signals() {
  mask_signals(SIG_BLOCK);
  for (const int ignored : {SIGUSR1, SIGUSR2, SIGPIPE}) std::signal(ignored, SIG_IGN);
}

struct Housekeeping::Loop {
  explicit Loop(std::function<void()> on_reload) : reload(std::move(on_reload)) {
    await_signal();
    thread = std::thread([this] {
      mask_signals(SIG_UNBLOCK);
      context.run();
    });
  }

  void await_signal() {
    signals.async_wait([this](const std::error_code& error, int signal) {
      if (error) return;
      if (signal == SIGHUP) {
        reload();
      } else {
        on_stop_signal();
      }
      await_signal();
    });
  }

  void on_stop_signal() {
    const auto now = std::chrono::steady_clock::now();
    if (!stopped_at) {
      stopped_at = now;
      stop.set_value();
    } else if (now - *stopped_at > kSameSignal) {
      log::write(log::Level::kWarning, "second stop signal: exiting at once");
      std::_Exit(EXIT_FAILURE);
    }
  }

  asio::io_context context;
  asio::signal_set signals{context, SIGTERM, SIGINT, SIGHUP};
  std::function<void()> reload;
  std::promise<void> stop;
  std::optional<std::chrono::steady_clock::time_point> stopped_at;
  std::thread thread;
};

Housekeeping::Housekeeping(std::function<void()> reload) : loop_(std::make_unique<Loop>(std::move(reload))) {}

Housekeeping::~Housekeeping() {
  loop_->context.stop();
  loop_->thread.join();
}

void Housekeeping::wait_for_stop() { loop_->stop.get_future().wait(); }

}  // namespace flashkv
