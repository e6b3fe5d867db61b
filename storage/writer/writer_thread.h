// The thread that the writer runs on.
#pragma once

#include <atomic>
#include <thread>

#include "storage/sync/clock.h"
#include "storage/writer/writer.h"

namespace flashkv {

// Purpose: turns the writer until told to stop, then lets it finish.
// Usage:   WriterThread thread(writer);  thread.start();  ...;  bool settled = thread.stop(patience);
// Threads: start() and stop() from the owner.
// Lifetime: ends the thread when it goes, with no patience for readers.
// Errors:  start() throws std::system_error when there is no thread to be had.
class WriterThread {
 public:
  explicit WriterThread(Writer& writer) noexcept : writer_(writer) {}
  WriterThread(const WriterThread&) = delete;
  WriterThread& operator=(const WriterThread&) = delete;
  ~WriterThread() { stop(0); }

  void start();
  // Also where no thread was started: the caller's then does what is left. Once is enough, later calls answer
  // what the first did.
  bool stop(Nanos patience) noexcept;

 private:
  void run() noexcept {
    while (!stopping_.load(std::memory_order_seq_cst)) writer_.wait_until(writer_.step());
  }

  Writer& writer_;
  std::thread thread_;
  std::atomic<bool> stopping_{false};
  bool stopped_ = false;
  bool settled_ = false;
};

}  // namespace flashkv
