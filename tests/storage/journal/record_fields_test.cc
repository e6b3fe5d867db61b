#include "storage/journal/record_fields.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace flashkv {
namespace {

TEST(RecordFields, WhatIsStoredIsLoaded) {
  const RecordFields stored{.create_revision = 3,
                            .mod_revision = 0xFEDC'BA98'7654'3210,
                            .version = 1ULL << 47,
                            .expires_at_ms = 1'700'000'000'123};
  std::string bytes(RecordFields::kBytes, '\0');
  stored.store(bytes.data());
  bytes += "value";
  RecordFields loaded;
  ASSERT_TRUE(loaded.load(bytes));
  EXPECT_EQ(loaded.create_revision, stored.create_revision);
  EXPECT_EQ(loaded.mod_revision, stored.mod_revision);
  EXPECT_EQ(loaded.version, stored.version);
  EXPECT_EQ(loaded.expires_at_ms, stored.expires_at_ms);
  EXPECT_EQ(RecordFields::value_of(bytes), "value");
}

// Files outlive the program, and machines of the other byte order read them.
TEST(RecordFields, TheBytesAreFixed) {
  std::string bytes(RecordFields::kBytes, 'x');
  RecordFields{.create_revision = 1, .mod_revision = 0x0203, .version = 4, .expires_at_ms = 5}.store(
      bytes.data());
  const char expected[] =
      "\x01\0\0\0\0\0\0\0"
      "\x03\x02\0\0\0\0\0\0"
      "\x04\0\0\0\0\0\0\0"
      "\x05\0\0\0\0\0\0";
  EXPECT_EQ(bytes, std::string(expected, RecordFields::kBytes));
}

TEST(RecordFields, WhatNoStoreWritesIsRefused) {
  const auto loads = [](RecordFields fields, std::size_t bytes = RecordFields::kBytes) {
    std::string stored(RecordFields::kBytes, '\0');
    fields.store(stored.data());
    return RecordFields().load(std::string_view(stored).substr(0, bytes));
  };
  EXPECT_TRUE(loads({1, 1, 1, 0}));
  EXPECT_FALSE(loads({1, 1, 1, 0}, RecordFields::kBytes - 1)) << "too short";
  EXPECT_FALSE(loads({0, 1, 1, 0})) << "created at no revision";
  EXPECT_FALSE(loads({2, 1, 1, 0})) << "changed before it was created";
  EXPECT_FALSE(loads({1, 1, 0, 0})) << "no version";
  EXPECT_FALSE(loads({1, 1, 1, -1})) << "expired before 1970";
}

}  // namespace
}  // namespace flashkv
