// The writer's thread.
#pragma once

#include <atomic>
#include <thread>

#include "storage/sync/clock.h"
#include "storage/writer/writer.h"

namespace flashkv {

// Purpose: steps the writer until stop(), then lets it finish.
// Usage:   WriterThread thread(writer);  thread.start();  ...;  bool settled = thread.stop(patience);
// Threads: start() and stop() from the owner.
// Lifetime: its destructor stops the thread, with no patience for readers.
// Errors:  start() throws std::system_error when no thread can be created.
class WriterThread {
 public:
  explicit WriterThread(Writer& writer) noexcept : writer_(writer) {}
  WriterThread(const WriterThread&) = delete;
  WriterThread& operator=(const WriterThread&) = delete;
  ~WriterThread() { stop(0); }

  void start();
  // If no thread was started, the calling thread does what is left. Later calls return what the first one
  // returned.
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
