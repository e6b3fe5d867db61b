#include "tests/support/deadline.h"

#include <gtest/gtest.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <optional>
#include <string>

namespace flashkv::test {
namespace {

using Clock = std::chrono::steady_clock;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int kSlower = 4;
#else
constexpr int kSlower = 1;
#endif

// Purpose: one thread beside the tests that ends the program when the running one is late.
class Watch {
 public:
  // From now on, for the test that runs.
  void bound(std::chrono::milliseconds limit) {
    if (!watching_) start();
    const testing::TestInfo* test = testing::UnitTest::GetInstance()->current_test_info();
    const std::lock_guard lock(mutex_);
    name_ = test == nullptr ? "?" : std::string(test->test_suite_name()) + "." + test->name();
    limit_ = limit * kSlower;
    end_ = Clock::now() + limit_;
    changed_.notify_one();
  }
  void end() {
    const std::lock_guard lock(mutex_);
    end_.reset();
  }

 private:
  // No signal that a test waits for may arrive here.
  void start() {
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_t thread{};
    const auto run = [](void* watch) -> void* { static_cast<Watch*>(watch)->watch(); };
    watching_ = pthread_create(&thread, nullptr, run, this) == 0 && pthread_detach(thread) == 0;
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    ASSERT_TRUE(watching_) << "no thread for the deadline";
  }

  [[noreturn]] void watch() {
    for (std::unique_lock lock(mutex_);;) {
      if (!end_) {
        changed_.wait(lock);
      } else if (const Clock::time_point end = *end_; Clock::now() < end) {
        changed_.wait_until(lock, end);
      } else {
        // Not through stdio, whose lock the test may hold.
        dprintf(STDERR_FILENO, "%s: still running after %.1f s\n", name_.c_str(),
                std::chrono::duration<double>(limit_).count());
        std::_Exit(1);
      }
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<Clock::time_point> end_;  // none between tests
  std::chrono::milliseconds limit_{};
  std::string name_;
  bool watching_ = false;
};

// Never deleted: the thread outlives main().
Watch& watch() {
  static Watch* const only = new Watch;
  return *only;
}

class Listener final : public testing::EmptyTestEventListener {
  void OnTestStart(const testing::TestInfo&) override { watch().bound(kTestLimit); }
  void OnTestEnd(const testing::TestInfo&) override { watch().end(); }
};

// The list of listeners owns the new one.
[[maybe_unused]] const bool listening = [] {
  testing::UnitTest::GetInstance()->listeners().Append(new Listener);
  return true;
}();

}  // namespace

void finish_within(std::chrono::milliseconds limit) { watch().bound(limit); }

}  // namespace flashkv::test
