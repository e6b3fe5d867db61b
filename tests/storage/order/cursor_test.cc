// Ranges, both directions, seeks, counts and the ends of prefixes.
#include <gtest/gtest.h>

#include <string>
#include <tuple>
#include <vector>

#include "tests/storage/order/index_view.h"

namespace flashkv::order {
namespace {

std::string text(const Record* record) { return record == nullptr ? "-" : std::string(record->key()); }

class OrderCursor : public ::testing::TestWithParam<Cursor::Direction> {
 protected:
  // Even numbers: odd ones lie between two keys.
  static constexpr unsigned kKeys = 400;
  void SetUp() override {
    for (unsigned n = 0; n < kKeys; ++n) twin.put(numbered(2 * n), std::to_string(n));
    twin.publish();
  }
  Twin twin;
};
INSTANTIATE_TEST_SUITE_P(Both, OrderCursor, ::testing::Values(Cursor::kForward, Cursor::kReverse),
                         [](const auto& param) { return param.param == Cursor::kForward ? "Up" : "Down"; });

// Ends on keys, between keys, at the borders of leaves and beyond all keys; the wrong way round, too.
TEST_P(OrderCursor, GoesOverExactlyTheRange) {
  const Root root = twin.index.staged();
  std::vector<std::string> bounds{"", "a", "key:", "z"};
  for (unsigned n = 0; n <= 2 * kKeys; n += kSanitized ? 37 : 11) bounds.push_back(numbered(n));
  for (unsigned n = 1; n < 4; ++n) bounds.push_back(numbered(2 * n * Leaf::kCapacity));
  for (const std::string& start : bounds) {
    for (const std::string& end : bounds) {
      const KeyRange range{start, end};
      ASSERT_EQ(scanned(root, range, GetParam()), expected(twin.map, range, GetParam()))
          << start << " " << end;
      ASSERT_EQ(Cursor(root, range, GetParam()).count_left(), expected(twin.map, range).size())
          << start << " " << end;
    }
  }
}

TEST_P(OrderCursor, CountsWhatIsLeftWhereverItIs) {
  const std::string start = numbered(51);
  const std::string end = numbered(700);
  Cursor cursor(twin.index.staged(), {start, end}, GetParam());
  std::uint64_t left = expected(twin.map, {start, end}).size();
  do ASSERT_EQ(cursor.count_left(), left);
  while (cursor.next() != nullptr && left-- > 0);
  EXPECT_EQ(left, 0U);
}

TEST_P(OrderCursor, SeekGoesToTheKeyOrToTheNextInItsDirection) {
  const std::string start = numbered(100);
  const std::string end = numbered(600);
  Cursor cursor(twin.index.staged(), {start, end}, GetParam());
  const bool up = GetParam() == Cursor::kForward;
  for (unsigned n = 0; n < 2 * kKeys; ++n) {
    cursor.seek(numbered(n));
    unsigned at = up ? (n + 1) / 2 * 2 : n / 2 * 2;
    if (up && at < 100) at = 100;
    if (!up && at > 598) at = 598;
    const bool inside = at >= 100 && at < 600;
    ASSERT_EQ(text(cursor.next()), inside ? numbered(at) : "-") << n;
    const unsigned second = up ? at + 2 : at - 2;
    if (inside) {
      ASSERT_EQ(text(cursor.next()), second >= 100 && second < 600 ? numbered(second) : "-") << n;
    }
  }
}

TEST_P(OrderCursor, SeekLeadsBackFromTheEnd) {
  Cursor cursor(twin.index.staged(), {}, GetParam());
  while (cursor.next() != nullptr) {
  }
  cursor.seek(numbered(8));
  EXPECT_EQ(text(cursor.next()), numbered(8));
}

TEST(OrderPrefix, EndIsTheSmallestKeyAboveAllThatBeginWithIt) {
  EXPECT_EQ(prefix_end("user:"), "user;");
  EXPECT_EQ(prefix_end("a"), "b");
  EXPECT_EQ(prefix_end("a\xff\xff"), "b");
  EXPECT_EQ(prefix_end("\x7f"), "\x80") << "bytes are unsigned";
  EXPECT_EQ(prefix_end(std::string(1, '\0')), "\x01");
  EXPECT_EQ(prefix_end("\xff\xff"), "") << "nothing is above";
  EXPECT_EQ(prefix_end(""), "");
}

TEST(OrderPrefix, TheRangeHoldsThoseKeysAndNoOther) {
  Twin twin;
  const std::vector<std::string> keys{"a", "a\xfe", "a\xff",   "a\xff\xff", "a\xff\xff\xff",
                                      "b", "\xff",  "\xff\xff"};
  for (const std::string& key : keys) twin.put(key, "v");
  twin.publish();
  for (const std::string& prefix : keys) {
    Entries with_prefix;
    for (const auto& [key, value] : twin.map) {
      if (key.starts_with(prefix)) with_prefix.emplace_back(key, value);
    }
    const std::string end = prefix_end(prefix);
    EXPECT_EQ(scanned(twin.index.staged(), {prefix, end}), with_prefix) << prefix;
  }
}

}  // namespace
}  // namespace flashkv::order
