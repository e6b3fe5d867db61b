// What the tests of the ordered index share: an index beside a map that says what has to be in it, and a walk
// that checks the invariants of a tree.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "storage/order/cursor.h"
#include "storage/order/ordered_index.h"

namespace flashkv::order {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif

#ifdef NDEBUG
inline constexpr bool kRecordsAreCounted = false;
#else
inline constexpr bool kRecordsAreCounted = true;
#endif

using Map = std::map<std::string, std::string, std::less<>>;
using Entries = std::vector<std::pair<std::string, std::string>>;

inline Record* new_record(std::string_view key, std::string_view value, std::uint64_t revision) {
  RecordPtr record = Record::make(key, value, Record::Expiry::kNone);
  record->stamp(revision, revision, 1);
  return record.release();
}

// Eight digits.
inline std::string numbered(std::uint64_t n) {
  std::string key = "key:00000000";
  for (std::size_t at = key.size(); n > 0; n /= 10) key[--at] = static_cast<char>('0' + n % 10);
  return key;
}

// Purpose: changes an index and a map alike.
// Usage:   Twin twin;  twin.put("a", "1");  twin.erase("b");  twin.publish();
struct Twin {
  // Nothing stays in the pool from batch to batch, so a reservation that is too small is found at once.
  explicit Twin(std::size_t kept_bytes = 0) : index(kept_bytes) {}

  void put(std::string_view key, std::string_view value) {
    ASSERT_TRUE(index.reserve(1));
    index.upsert(new_record(key, value, revision + 1));
    map.insert_or_assign(std::string(key), std::string(value));
  }
  void erase(std::string_view key) {
    ASSERT_TRUE(index.reserve(1));
    index.erase(key);
    if (const auto at = map.find(key); at != map.end()) map.erase(at);
  }
  void publish() { index.publish(++revision); }

  OrderedIndex index;
  Map map;
  std::uint64_t revision = 0;
};

inline Entries scanned(Root root, KeyRange range = {}, Cursor::Direction direction = Cursor::kForward) {
  Entries entries;
  Cursor cursor(root, range, direction);
  while (const Record* record = cursor.next()) entries.emplace_back(record->key(), record->value());
  EXPECT_EQ(cursor.next(), nullptr) << "the end is the end";
  return entries;
}

inline Entries expected(const Map& map, KeyRange range = {}, Cursor::Direction direction = Cursor::kForward) {
  Entries entries;
  for (auto at = map.lower_bound(range.start); at != map.end(); ++at) {
    if (!range.end.empty() && at->first >= range.end) break;
    entries.emplace_back(*at);
  }
  if (direction == Cursor::kReverse) std::reverse(entries.begin(), entries.end());
  return entries;
}

// Nodes below and including `node`; fails where an invariant does not hold.
template <typename N>
std::uint64_t check_node(const N& node, unsigned level, std::uint64_t& keys) {
  std::uint64_t nodes = 1;
  EXPECT_GE(node.size, 1U);
  EXPECT_LE(node.size, N::kCapacity);
  const std::string_view prefix = node.records[0]->key().substr(0, node.skip);
  for (unsigned i = 0; i < node.size; ++i) {
    const std::string_view key = node.records[i]->key();
    EXPECT_EQ(key.substr(0, node.skip), prefix) << "(I3)";
    EXPECT_EQ(node.heads[i], head_of(key, node.skip)) << "(I3)";
    if (i > 0) {
      EXPECT_LT(node.records[i - 1]->key(), key);
    }
    if constexpr (std::is_same_v<N, Inner>) {
      const Node* child = node.children[i];
      EXPECT_EQ(first_record(child, level - 1), node.records[i]) << "(I2) at level " << level;
      if (level == 1) {
        nodes += check_node(*static_cast<const Leaf*>(child), 0, keys);
      } else {
        nodes += check_node(*static_cast<const Inner*>(child), level - 1, keys);
      }
    }
  }
  if (level == 0) keys += node.size;
  return nodes;
}

// Whether every invariant of the staged tree holds and its statistics are exact.
inline void expect_sound(const OrderedIndex& index) {
  const Root root = index.staged();
  std::uint64_t keys = 0;
  std::uint64_t nodes = 0;
  if (root.height == 1) nodes = check_node(*static_cast<const Leaf*>(root.node), 0, keys);
  if (root.height > 1) nodes = check_node(*static_cast<const Inner*>(root.node), root.height - 1, keys);
  EXPECT_EQ(root.node == nullptr, root.height == 0);
  EXPECT_EQ(index.stats().keys, keys);
  EXPECT_EQ(index.stats().node_bytes, nodes * kNodeBytes);
}

}  // namespace flashkv::order
