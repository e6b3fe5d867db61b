#include "client/kvctl/progress.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace flashkv::kvctl
