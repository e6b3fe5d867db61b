#include "client/kvctl/text.h"

#include <gtest/gtest.h>

#include <random>

namespace flashkv::kvctl {
namespace {

using std::chrono::microseconds;

TEST(Utf8, TakesEveryLengthAndRefusesWhatTheStandardForbids) {
  for (const char* good :
       {"", "plain", "\xC2\xA2", "\xE2\x82\xAC", "\xED\x9F\xBF", "\xF0\x90\x8D\x88", "\xF4\x8F\xBF\xBF"})
    EXPECT_TRUE(is_utf8(good)) << good;
  for (const char* bad : {"\x80", "\xC0\xAF", "\xC1\x81", "\xC2", "\xE0\x9F\x80", "\xE2\x82", "\xED\xA0\x80",
                          "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "ok\xFF"})
    EXPECT_FALSE(is_utf8(bad)) << bad;
  EXPECT_TRUE(is_utf8(std::string_view("a\0b", 3)));
}

TEST(Base64, GoesThereAndBack) {
  EXPECT_EQ(to_base64(""), "");
  EXPECT_EQ(to_base64("f"), "Zg==");
  EXPECT_EQ(to_base64("foobar"), "Zm9vYmFy");
  std::mt19937 random(7);
  for (std::size_t size = 0; size < 100; ++size) {
    std::string bytes;
    for (std::size_t i = 0; i < size; ++i) bytes += static_cast<char>(random());
    ASSERT_EQ(from_base64(to_base64(bytes)), bytes) << size;
  }
}

TEST(Base64, RefusesWhatIsNotBase64) {
  EXPECT_EQ(from_base64("Zg=a"), std::nullopt);
  EXPECT_EQ(from_base64("Z*=="), std::nullopt);
}

TEST(Printable, EscapesControlCharactersAndBytesThatAreNotUtf8) {
  EXPECT_EQ(printable("plain \xD0\xBA"), "plain \xD0\xBA");
  EXPECT_EQ(printable("\x1f\x7f"), "\\x1f\\x7f");
  EXPECT_EQ(printable("\xC2\x80\xC2\xA0"), "\\xc2\\x80\xC2\xA0") << "C1, and the first character after it";
  EXPECT_EQ(printable("\xC2"), "\\xc2");
  EXPECT_EQ(printable("\xD0\xBA\xFF"), "\\xd0\\xba\\xff");
}

TEST(Printable, IsQuotedOnlyWhereItDiffers) {
  EXPECT_EQ(quoted_unless_printable("say \"yes\""), "say \"yes\"");
  EXPECT_EQ(quoted_unless_printable("\"\\\n"), "\"\\\"\\\\\\x0a\"");
}

TEST(Duration, NeedsAUnitUnlessZero) {
  EXPECT_EQ(parse_duration("0"), microseconds(0));
  EXPECT_EQ(parse_duration("7us"), microseconds(7));
  EXPECT_EQ(parse_duration("20ms"), microseconds(20'000));
  EXPECT_EQ(parse_duration("5s"), microseconds(5'000'000));
  EXPECT_EQ(parse_duration("2m"), microseconds(120'000'000));
  EXPECT_EQ(parse_duration("1h"), microseconds(3'600'000'000));
  EXPECT_EQ(parse_duration("7d"), microseconds(604'800'000'000));
  EXPECT_EQ(parse_duration("1h30m"), microseconds(5'400'000'000));
  EXPECT_EQ(parse_duration("1d2h3m4s5ms6us"), microseconds(93'784'005'006));
  for (const char* bad : {"", "5", "s", "-1s", "1.5s", "1 s", "1h30", "30m1h", "1h1h", "1h-1m", "1h 1m", "1w",
                          "99999999999999999999s", "9223372036854775807h", "106751991d99h"})
    EXPECT_EQ(parse_duration(bad), std::nullopt) << bad;
}

TEST(Duration, IsPrintedAsItIsRead) {
  using std::chrono::milliseconds;
  EXPECT_EQ(format_duration(milliseconds(0)), "0");
  EXPECT_EQ(format_duration(milliseconds(1)), "1ms");
  EXPECT_EQ(format_duration(milliseconds(9'999)), "9s999ms");
  EXPECT_EQ(format_duration(milliseconds(10'001)), "11s");
  EXPECT_EQ(format_duration(milliseconds(1'799'500)), "30m");
  EXPECT_EQ(format_duration(milliseconds(5'400'000)), "1h30m");
  EXPECT_EQ(format_duration(milliseconds(93'784'000)), "1d2h3m4s");
}

TEST(Printable, CharactersThatTurnTheDirectionOrEndALineAreEscaped) {
  EXPECT_EQ(printable("a\u202Eb"), "a\\xe2\\x80\\xaeb");
  EXPECT_EQ(printable("\u200E\u2028\u2066"), "\\xe2\\x80\\x8e\\xe2\\x80\\xa8\\xe2\\x81\\xa6");
  EXPECT_EQ(printable("\u20AC\u200D\u2030\u2065"), "\u20AC\u200D\u2030\u2065");
  EXPECT_EQ(columns("a\u20ACb"), 3U);
}

TEST(Units, ATimeLeftIsShownInOneUnit) {
  using namespace std::chrono;
  EXPECT_EQ(format_left(milliseconds(0)), "now");
  EXPECT_EQ(format_left(milliseconds(-5)), "now");
  EXPECT_EQ(format_left(milliseconds(1)), "in 1 s");
  EXPECT_EQ(format_left(seconds(119)), "in 119 s");
  EXPECT_EQ(format_left(minutes(29) + seconds(59)), "in 29 min");
  EXPECT_EQ(format_left(minutes(119)), "in 119 min");
  EXPECT_EQ(format_left(hours(47)), "in 47 h");
  EXPECT_EQ(format_left(days(3)), "in 3 d");
}

TEST(Units, SizesAndTimesHaveThreeDigits) {
  EXPECT_EQ(format_bytes(0), "0 B");
  EXPECT_EQ(format_bytes(1023), "1023 B");
  EXPECT_EQ(format_bytes(1024), "1.00 KiB");
  EXPECT_EQ(format_bytes(12'900'000), "12.3 MiB");
  EXPECT_EQ(format_bytes(268'435'456), "256 MiB");
  EXPECT_EQ(format_bytes((1U << 20) - 1), "1.00 MiB");
  EXPECT_EQ(format_bytes(UINT64_MAX), "16.0 EiB");
  EXPECT_EQ(format_nanoseconds(999), "999 ns");
  EXPECT_EQ(format_nanoseconds(1'500), "1.50 us");
  EXPECT_EQ(format_nanoseconds(999'996), "1.00 ms");
  EXPECT_EQ(format_nanoseconds(12'345'678'901'234), "12346 s");
  EXPECT_EQ(format_count(0), "0");
  EXPECT_EQ(format_count(999), "999");
  EXPECT_EQ(format_count(1'234'567), "1,234,567");
}

}  // namespace
}  // namespace flashkv::kvctl
