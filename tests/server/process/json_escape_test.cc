#include <gtest/gtest.h>

#include "server/process/log.h"

namespace flashkv::log {
namespace {

TEST(JsonEscaped, LeavesTextAlone) {
  EXPECT_EQ(json_escaped("plain, gr\xC3\xBC\xC3\x9F \xF0\x9F\x98\x80"),
            "plain, gr\xC3\xBC\xC3\x9F \xF0\x9F\x98\x80");
}

TEST(JsonEscaped, QuotesBackslashesAndControlsAreEscaped) {
  EXPECT_EQ(json_escaped("a\"b\\c\nd\te\x01\x7F"), "a\\\"b\\\\c\\nd\\u0009e\\u0001\\u007f");
  EXPECT_EQ(json_escaped(std::string_view("\0", 1)), "\\u0000");
}

TEST(JsonEscaped, BytesThatAreNotUtf8BecomeTheReplacementCharacter) {
  const std::string r = "\xEF\xBF\xBD";
  EXPECT_EQ(json_escaped("\xFF"), r);
  EXPECT_EQ(json_escaped("a\x80z"), "a" + r + "z");
  EXPECT_EQ(json_escaped("\xC3"), r) << "cut short";
  EXPECT_EQ(json_escaped("\xC0\x80"), r + r) << "overlong";
  EXPECT_EQ(json_escaped("\xE0\x80\x80"), r + r + r) << "overlong";
  EXPECT_EQ(json_escaped("\xED\xA0\x80"), r + r + r) << "a surrogate";
  EXPECT_EQ(json_escaped("\xF4\x90\x80\x80"), r + r + r + r) << "beyond the last code point";
}

TEST(LogLevel, NamesGoBothWays) {
  for (const char* text : {"debug", "info", "warning", "error", "off"}) {
    const auto level = parse_level(text);
    ASSERT_TRUE(level.has_value()) << text;
    EXPECT_EQ(name(*level), text);
  }
  EXPECT_EQ(parse_level("loud"), std::nullopt);
}

}  // namespace
}  // namespace flashkv::log
