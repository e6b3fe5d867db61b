// A server's statistics at regular times, without making anybody wait for them.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

#include "client/flashkv/client.h"
#include "client/kvctl/top/rates.h"

namespace flashkv::kvctl {

// Purpose: asks for Stats, the first time at once and then every interval, on a thread of its own: keys and
//          signals are answered while the server is not.
// Usage:   StatsPoll poll(client, 1s);
//          while (!quit) if (auto got = poll.wait(100ms)) show(*got);
// Threads: wait() on one. `client` may be used by others.
// Lifetime: `client` must outlive it. The destructor cancels every call of the process (calls.h), so that it
//          does not wait for an answer.
// Cost:    one call per interval. Times that have passed while a call took longer are left out.
class StatsPoll {
 public:
  using Got = client::Result<Snapshot>;

  StatsPoll(client::Client& client, std::chrono::milliseconds interval);
  ~StatsPoll();
  StatsPoll(const StatsPoll&) = delete;
  StatsPoll& operator=(const StatsPoll&) = delete;

  // The latest answer, or error, that has not been returned yet; empty if none comes in time.
  std::optional<Got> wait(std::chrono::milliseconds longest);

 private:
  void run(const std::stop_token& stop);

  client::Client& client_;
  std::chrono::milliseconds interval_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::optional<Got> latest_;
  std::jthread thread_;  // the last member: it uses the others
};

}  // namespace flashkv::kvctl
