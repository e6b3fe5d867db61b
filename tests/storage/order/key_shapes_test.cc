// Keys of every length, and heads that tell nothing.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/storage/order/index_view.h"

namespace flashkv::order {
namespace {

void expect_all_shapes_of_order(const std::vector<std::string>& keys) {
  for (const bool backwards : {false, true}) {
    Twin twin;
    for (std::size_t n = 0; n < keys.size(); ++n) {
      const std::string& key = keys[backwards ? keys.size() - 1 - n : n];
      twin.put(key, std::to_string(key.size()));
      if (n % 100 == 0) twin.publish();
    }
    expect_sound(twin.index);
    EXPECT_EQ(scanned(twin.index.staged()), expected(twin.map));
    for (std::size_t n = 0; n < keys.size(); ++n) {
      Cursor cursor(twin.index.staged(), {}, Cursor::kForward);
      cursor.seek(keys[n]);
      ASSERT_EQ(cursor.next()->key().size(), keys[n].size());
    }
    for (std::size_t n = 0; n < keys.size(); n += 2) twin.erase(keys[n]);
    expect_sound(twin.index);
    EXPECT_EQ(scanned(twin.index.staged()), expected(twin.map));
    twin.publish();
  }
}

TEST(OrderKeys, EachAPrefixOfTheNext) {
  std::vector<std::string> keys;
  for (std::size_t size = 1; size <= 500; ++size) keys.emplace_back(size, 'a');
  expect_all_shapes_of_order(keys);
}

// Heads are filled up with zeros, which are bytes of keys, too.
TEST(OrderKeys, OfZerosAlone) {
  std::vector<std::string> keys;
  for (std::size_t size = 1; size <= 300; ++size) keys.emplace_back(size, '\0');
  expect_all_shapes_of_order(keys);
}

TEST(OrderKeys, OfTheHighestBytesAlone) {
  std::vector<std::string> keys;
  for (std::size_t size = 1; size <= 300; ++size) keys.emplace_back(size, '\xff');
  expect_all_shapes_of_order(keys);
}

TEST(OrderKeys, OfTheGreatestLengthThatDifferInTheLastBytes) {
  std::vector<std::string> keys;
  for (unsigned n = 0; n < 200; ++n) {
    std::string key(Record::kMaxKeyBytes, 'k');
    key[key.size() - 2] = static_cast<char>(n / 16);
    key.back() = static_cast<char>(n % 16);
    keys.push_back(key);
  }
  keys.emplace_back(1, 'k');
  keys.emplace_back(Record::kMaxKeyBytes - 2, 'k');
  expect_all_shapes_of_order(keys);
}

TEST(OrderKeys, OfOneByte) {
  std::vector<std::string> keys;
  for (int byte = 0; byte < 256; ++byte) keys.emplace_back(1, static_cast<char>(byte));
  expect_all_shapes_of_order(keys);
}

// The node skips what its keys share, until one comes that does not.
TEST(OrderKeys, AStrangerShortensWhatItsNodeSkips) {
  for (const char* stranger : {"tenant", "tenant:0000000/x", "tenant:0000000/order:\xff", "zebra", "a"}) {
    Twin twin;
    for (unsigned n = 0; n < 300; ++n) twin.put("tenant:0000000/order:" + numbered(n * 31 % 300), "v");
    twin.publish();
    const auto* root = static_cast<const Inner*>(twin.index.staged().node);
    EXPECT_GE(root->children[1]->skip, 21U) << "a leaf that has been split";
    twin.put(stranger, "s");
    expect_sound(twin.index);
    for (unsigned n = 300; n < 400; ++n) twin.put("tenant:0000000/order:" + numbered(n), "v");
    twin.erase(stranger);
    expect_sound(twin.index);
    EXPECT_EQ(scanned(twin.index.staged()), expected(twin.map)) << stranger;
  }
}

}  // namespace
}  // namespace flashkv::order
