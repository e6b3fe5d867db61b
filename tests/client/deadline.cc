// Linked into the client's test programs: a test that runs longer than kSeconds fails instead of hanging.
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <cstring>

namespace flashkv {
namespace {

constexpr unsigned kSeconds = 120;  // the slowest test takes four, ten times as long under a sanitizer

char expired[256] = {};

// Async-signal-safe calls only: the test may hold any lock.
void fail_test(int) {
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, expired, std::strlen(expired));
  ::_exit(1);
}

class Deadline final : public testing::EmptyTestEventListener {
  void OnTestStart(const testing::TestInfo& test) override {
    std::snprintf(expired, sizeof expired, "%s.%s: still running after %u seconds\n", test.test_suite_name(),
                  test.name(), kSeconds);
    std::signal(SIGALRM, fail_test);
    ::alarm(kSeconds);
  }
  void OnTestEnd(const testing::TestInfo&) override { ::alarm(0); }
};

// The list of listeners owns the new one.
[[maybe_unused]] const bool listening = [] {
  testing::UnitTest::GetInstance()->listeners().Append(new Deadline);
  return true;
}();

}  // namespace
}  // namespace flashkv
