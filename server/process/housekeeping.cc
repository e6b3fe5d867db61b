#include "server/process/housekeeping.h"

#include <asio/io_context.hpp>
#include <asio/signal_set.hpp>
#include <csignal>
#include <cstdlib>
#include <future>
#include <thread>
#include <utility>

#include "server/process/log.h"

namespace flashkv {

struct Housekeeping::Loop {
  explicit Loop(std::function<void()> on_reload) : reload(std::move(on_reload)) {
    await_signal();
    thread = std::thread([this] { context.run(); });
  }

  void await_signal() {
    signals.async_wait([this](const std::error_code& error, int signal) {
      if (error) return;
      if (signal == SIGHUP) {
        reload();
      } else if (stopping) {
        log::write(log::Level::kWarning, "second stop signal: leaving at once");
        std::_Exit(EXIT_FAILURE);
      } else {
        stopping = true;
        stop.set_value();
      }
      await_signal();
    });
  }

  asio::io_context context;
  asio::signal_set signals{context, SIGTERM, SIGINT, SIGHUP};
  std::function<void()> reload;
  std::promise<void> stop;
  bool stopping = false;
  std::thread thread;
};

Housekeeping::Housekeeping(std::function<void()> reload) : loop_(std::make_unique<Loop>(std::move(reload))) {}

Housekeeping::~Housekeeping() {
  loop_->context.stop();
  loop_->thread.join();
}

void Housekeeping::wait_for_stop() { loop_->stop.get_future().wait(); }

}  // namespace flashkv
