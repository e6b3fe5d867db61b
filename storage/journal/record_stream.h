// Records on their way from the threads that read them to the one that takes them.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <utility>
#include <vector>

#include "storage/record/record.h"
#include "storage/request/status.h"

namespace flashkv {

// Purpose: a bounded channel. Readers wait while it is full, the taker while it is empty; either side can end
//          it.
// Usage:   reader:  if (!stream.put(std::move(records))) return;  ...  stream.leave(status);
//          taker:   while (stream.take(records)) ...;  return stream.status();
// Threads: put() and leave() from each reader, the rest from the taker.
// Limits:  kWaiting vectors.
class RecordStream {
 public:
  static constexpr std::size_t kWaiting = 8;

  explicit RecordStream(unsigned readers) : readers_(readers) {}

  // False: the load has ended, nobody takes them.
  bool put(std::vector<RecordPtr> records) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return waiting_.size() < kWaiting || ended_; });
    if (ended_) return false;
    waiting_.push_back(std::move(records));
    changed_.notify_all();
    return true;
  }
  // The reader's last word. The first failure ends the load.
  void leave(Status status) {
    const std::lock_guard lock(mutex_);
    --readers_;
    if (!status.ok() && status_.ok()) {
      status_ = std::move(status);
      ended_ = true;
    }
    changed_.notify_all();
  }
  // False: that was all.
  bool take(std::vector<RecordPtr>& records) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !waiting_.empty() || readers_ == 0 || ended_; });
    if (waiting_.empty() || ended_) return false;
    records = std::move(waiting_.front());
    waiting_.pop_front();
    changed_.notify_all();
    return true;
  }
  void end() {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    changed_.notify_all();
  }
  Status status() {
    const std::lock_guard lock(mutex_);
    return status_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::vector<RecordPtr>> waiting_;
  unsigned readers_;
  bool ended_ = false;
  Status status_;
};

}  // namespace flashkv
