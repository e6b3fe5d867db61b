#include "storage/writer/writer_thread.h"

#include <pthread.h>

namespace flashkv {

void WriterThread::start() {
  if (stopped_ || thread_.joinable()) return;
  thread_ = std::thread([this] { run(); });
  pthread_setname_np(thread_.native_handle(), "kv-writer");
}

bool WriterThread::stop(Nanos patience) noexcept {
  if (stopped_) return settled_;
  stopped_ = true;
  writer_.close();
  stopping_.store(true, std::memory_order_seq_cst);
  writer_.wake();
  if (thread_.joinable()) thread_.join();
  settled_ = writer_.finish(patience);
  return settled_;
}

}  // namespace flashkv
