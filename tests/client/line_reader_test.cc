#include "client/kvctl/line_reader.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <thread>
#include <vector>

namespace flashkv::kvctl {
namespace {

constexpr std::size_t kLongest = std::size_t{16} << 20;

class LineReaderTest : public testing::Test {
 protected:
  LineReaderTest() { EXPECT_EQ(::pipe(ends_.data()), 0); }
  ~LineReaderTest() override {
    ::close(ends_[0]);
    end();
  }
  void give(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t written = ::write(ends_[1], bytes.data(), bytes.size());
      ASSERT_GT(written, 0);
      bytes.remove_prefix(static_cast<std::size_t>(written));
    }
  }
  void end() {
    if (ends_[1] >= 0) ::close(ends_[1]);
    ends_[1] = -1;
  }
  int fd() const { return ends_[0]; }

 private:
  std::array<int, 2> ends_{-1, -1};
};

// All lines up to the end, across pauses.
std::vector<std::string> lines_of(LineReader& in) {
  std::vector<std::string> lines;
  std::string_view line;
  for (;;) {
    const auto next = in.next(line);
    if (next == LineReader::kLine) lines.emplace_back(line);
    if (next == LineReader::kEnd || next == LineReader::kFailed) return lines;
  }
}

TEST_F(LineReaderTest, GivesEachLineOnceAndTheLastWithoutANewline) {
  give("one\n\n two\r\nlast");
  end();
  LineReader in(fd(), kLongest);
  EXPECT_EQ(lines_of(in), (std::vector<std::string>{"one", "", " two\r", "last"}));
  EXPECT_EQ(in.consumed(), 15U);
  std::string_view line;
  EXPECT_EQ(in.next(line), LineReader::kEnd) << "the end stays the end";
}

TEST_F(LineReaderTest, NothingIsNoLine) {
  end();
  LineReader in(fd(), kLongest);
  EXPECT_EQ(lines_of(in), std::vector<std::string>{});
}

TEST_F(LineReaderTest, KeepsALineTogetherThatComesInParts) {
  LineReader in(fd(), kLongest);
  std::string_view line;
  give("a\nb");
  EXPECT_EQ(in.next(line), LineReader::kLine);
  EXPECT_EQ(line, "a");
  EXPECT_EQ(in.next(line), LineReader::kIdle);
  EXPECT_EQ(in.next(line), LineReader::kIdle);
  give("c\n");
  EXPECT_EQ(in.next(line), LineReader::kLine);
  EXPECT_EQ(line, "bc");
}

TEST_F(LineReaderTest, ReadsLinesLongerThanItsBuffer) {
  const std::string first(3'000'000, 'x');
  const std::string second(5'000'000, 'y');
  LineReader in(fd(), kLongest);
  std::thread giver([&] {
    give(first + "\n" + second + "\nz\n");
    end();
  });
  const auto lines = lines_of(in);
  giver.join();
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_TRUE(lines[0] == first);
  EXPECT_TRUE(lines[1] == second);
  EXPECT_EQ(lines[2], "z");
}

TEST_F(LineReaderTest, RefusesALineThatIsTooLongBeforeItHasArrivedAndGoesOnAfterIt) {
  LineReader in(fd(), 4);
  std::string_view line;
  give("four\nfive5");
  EXPECT_EQ(in.next(line), LineReader::kLine);
  EXPECT_EQ(line, "four");
  EXPECT_EQ(in.next(line), LineReader::kTooLong);
  EXPECT_EQ(in.next(line), LineReader::kIdle);
  give("5555\nnext\n");
  EXPECT_EQ(in.next(line), LineReader::kLine);
  EXPECT_EQ(line, "next");
  EXPECT_EQ(in.consumed(), 20U);
  give("last too long");
  end();
  EXPECT_EQ(in.next(line), LineReader::kTooLong);
  EXPECT_EQ(in.next(line), LineReader::kEnd);
}

TEST(LineReader, AFolderCannotBeRead) {
  const int folder = ::open("/", O_RDONLY);
  LineReader in(folder, kLongest);
  std::string_view line;
  EXPECT_EQ(in.next(line), LineReader::kFailed);
  ::close(folder);
}

}  // namespace
}  // namespace flashkv::kvctl
