#include "client/kvctl/progress.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <pty.h>
#include <unistd.h>

#include <chrono>
#include <string>
#include <thread>

namespace flashkv::kvctl {
namespace {

constexpr ProgressState kHalf{.count = 5000, .part = 50, .total = 100, .seconds = 10};

TEST(ProgressLine, ShowsBarPercentRateAndTimeLeft) {
  EXPECT_EQ(progress_line("import", kHalf, 0),
            "import [############............] 50% 5000 records, 500/s, 11 s left");
}

TEST(ProgressLine, WithoutATotalShowsCountAndRate) {
  EXPECT_EQ(progress_line("import", {.count = 5000, .seconds = 10}, 80), "import 5000 records, 500/s");
}

TEST(ProgressLine, FitsEveryWidth) {
  for (std::size_t width = 1; width < 100; ++width) {
    const std::string line = progress_line("import", kHalf, width);
    EXPECT_LE(line.size(), width) << line;
    EXPECT_EQ(line.find("[]"), std::string::npos) << line;
  }
  EXPECT_EQ(progress_line("import", kHalf, 50), "import [###...] 50% 5000 records, 500/s, 11 s left");
  EXPECT_EQ(progress_line("import", kHalf, 44), "import 50% 5000 records, 500/s, 11 s left");
}

// Purpose: a terminal as standard error, for as long as the object lives.
class Terminal {
 public:
  Terminal() : before_(dup(STDERR_FILENO)) {
    int program = -1;
    EXPECT_EQ(openpty(&screen_, &program, nullptr, nullptr, nullptr), 0);
    dup2(program, STDERR_FILENO);
    close(program);
    fcntl(screen_, F_SETFL, O_NONBLOCK);
  }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;
  ~Terminal() {
    dup2(before_, STDERR_FILENO);
    close(before_);
    close(screen_);
  }
  // What was written to it.
  std::string text() const {
    std::string all(4096, '\0');
    const ssize_t n = read(screen_, all.data(), all.size());
    all.resize(n < 0 ? 0 : static_cast<std::size_t>(n));
    return all;
  }

 private:
  int before_;
  int screen_ = -1;
};

// The same for all: two reports, as much later than the start as a bar needs, and the end.
std::string shown(bool quiet) {
  const Terminal terminal;
  Progress progress({.what = "import", .total = 100, .quiet = quiet});
  progress.at(1, 1);
  std::this_thread::sleep_for(std::chrono::milliseconds(210));
  progress.at(50, 50);
  progress.done();
  progress.done();
  return terminal.text();
}

TEST(Progress, OnATerminalTheBarIsClearedAtTheEnd) {
  const std::string text = shown(false);
  EXPECT_TRUE(text.starts_with("\r\033[Kimport [")) << text;
  EXPECT_NE(text.find(" 50% 50 records"), std::string::npos) << text;
  const std::string cleared = "\r\033[K";
  EXPECT_TRUE(text.ends_with(cleared)) << text;
  EXPECT_FALSE(text.ends_with(cleared + cleared)) << "cleared twice";
}

TEST(Progress, QuietShowsNothing) { EXPECT_EQ(shown(true), ""); }

}  // namespace
}  // namespace flashkv::kvctl
