#include "server/config/quantity.h"

#include <gtest/gtest.h>

namespace flashkv {
namespace {

TEST(Quantity, SizesAreBytesOrBinaryMultiples) {
  EXPECT_EQ(parse_size("0"), 0U);
  EXPECT_EQ(parse_size("65535"), 65'535U);
  EXPECT_EQ(parse_size("7B"), 7U);
  EXPECT_EQ(parse_size("3KiB"), 3U * 1024);
  EXPECT_EQ(parse_size("8MiB"), 8U << 20);
  EXPECT_EQ(parse_size("2GiB"), std::uint64_t{2} << 30);
}

TEST(Quantity, ASizeIsWrittenInTheLargestUnitThatFits) {
  for (const char* text : {"0", "1", "65535", "3KiB", "1025KiB", "8MiB", "1GiB", "1024GiB"}) {
    EXPECT_EQ(size_text(parse_size(text).value()), text);
  }
}

TEST(Quantity, ASizeHasNothingElseInIt) {
  for (const char* text : {"", "MiB", "8 MiB", "8MB", "8mib", "-1", "1.5GiB", "0x10", "8MiBx", "+8"}) {
    EXPECT_EQ(parse_size(text), std::nullopt) << text;
  }
}

TEST(Quantity, ASizeOrDurationThatDoesNotFitIsRefused) {
  EXPECT_EQ(parse_size("9223372036854775807"), 9'223'372'036'854'775'807U);
  EXPECT_EQ(parse_size("9223372036854775808"), std::nullopt);
  EXPECT_EQ(parse_size("99999999999999999999"), std::nullopt);
  EXPECT_EQ(parse_size("8589934592GiB"), std::nullopt);
  EXPECT_EQ(parse_duration("2562048h"), std::nullopt);
}

TEST(Quantity, DurationsNeedAUnitUnlessTheyAreZero) {
  EXPECT_EQ(parse_duration("0"), 0);
  EXPECT_EQ(parse_duration("250us"), 250'000);
  EXPECT_EQ(parse_duration("5ms"), 5'000'000);
  EXPECT_EQ(parse_duration("10s"), 10'000'000'000);
  EXPECT_EQ(parse_duration("3m"), 180'000'000'000);
  EXPECT_EQ(parse_duration("24h"), 86'400'000'000'000);
  for (const char* text : {"", "5", "ms", "5 ms", "-5ms", "5sec", "1.5s"}) {
    EXPECT_EQ(parse_duration(text), std::nullopt) << text;
  }
}

TEST(Quantity, ADurationIsWrittenInTheLargestUnitThatFits) {
  for (const char* text : {"0us", "1us", "1001us", "5ms", "90s", "61m", "24h"}) {
    EXPECT_EQ(duration_text(parse_duration(text).value()), text);
  }
}

TEST(Quantity, SwitchesAreWordsOrDigits) {
  for (const char* text : {"true", "on", "yes", "1"}) EXPECT_EQ(parse_switch(text), true) << text;
  for (const char* text : {"false", "off", "no", "0"}) EXPECT_EQ(parse_switch(text), false) << text;
  for (const char* text : {"", "True", "2", "maybe"}) EXPECT_EQ(parse_switch(text), std::nullopt) << text;
}

}  // namespace
}  // namespace flashkv
