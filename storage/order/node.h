// The nodes of the ordered index, and how keys are compared inside them.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "storage/record/record.h"

namespace flashkv::order {

// Bytes of a key that a node keeps beside the pointer to the record, as a number that compares like them.
// Four are enough because a node skips the bytes that all its keys share: order.md has the measurement.
using Head = std::uint32_t;
inline constexpr std::size_t kHeadBytes = sizeof(Head);

// Twelve cache lines: order.md has the measurement.
inline constexpr std::size_t kNodeBytes = 768;
inline constexpr std::size_t kNodeAlign = 64;

// Purpose: what leaves and inner nodes have in common.
// Threads: written by the writer, and only while the node is younger than the last publish (I1). `link` is
//          the writer's at all times; nobody else reads it.
struct Node {
  Node* link = nullptr;    // the next one in the pool or among the retired
  std::uint64_t born = 0;  // the least revision whose root can lead here
  std::uint16_t size = 0;  // entries
  std::uint16_t skip = 0;  // leading bytes that the keys of all entries share; heads begin after them (I3)
};

// An entry of a leaf is a record.
struct Leaf : Node {
  static constexpr unsigned kCapacity = (kNodeBytes - sizeof(Node)) / (kHeadBytes + sizeof(Record*));
  Head heads[kCapacity];
  Record* records[kCapacity];
};

// An entry of an inner node is a child and the first record below it (I2).
struct Inner : Node {
  static constexpr unsigned kCapacity =
      (kNodeBytes - sizeof(Node) - sizeof(Node*)) / (kHeadBytes + sizeof(Record*) + sizeof(Node*));
  Head heads[kCapacity];
  Record* records[kCapacity];
  Node* children[kCapacity];
};

// The first record in the node or below it.
inline Record* first_record(const Node* node, unsigned level) noexcept {
  return level == 0 ? static_cast<const Leaf*>(node)->records[0]
                    : static_cast<const Inner*>(node)->records[0];
}

static_assert(sizeof(Leaf) <= kNodeBytes && sizeof(Inner) <= kNodeBytes);
static_assert(Record::kMaxKeyBytes <= UINT16_MAX, "Node::skip holds any length of a key");

// The state of the index at one moment: immutable once it is published, up to the last node.
// Lifetime: of a pin, while it is held; of the staged state, until the next change.
struct Root {
  Node* node = nullptr;  // null = no keys
  unsigned height = 0;   // levels of nodes; 1 = the root is a leaf
};

// More levels than 2^64 keys need.
inline constexpr unsigned kMaxHeight = 16;

// Bytes from `skip` on, the first one highest, with zeros after the key's end.
inline Head head_of(std::string_view key, std::size_t skip) noexcept {
  static_assert(std::endian::native == std::endian::little && kHeadBytes == 4);
  Head head = 0;
  if (key.size() > skip) std::memcpy(&head, key.data() + skip, std::min(kHeadBytes, key.size() - skip));
  return __builtin_bswap32(head);
}

// Leading bytes that two heads share.
inline unsigned shared_bytes(Head a, Head b) noexcept {
  return static_cast<unsigned>(std::countl_zero(a ^ b)) / 8;
}

// Length of the longest common prefix, at most `most`; the first `from` bytes are known to be equal.
inline std::size_t common_prefix(std::string_view a, std::string_view b, std::size_t from,
                                 std::size_t most) noexcept {
  const std::size_t end = std::min({a.size(), b.size(), most});
  std::size_t at = from;
  for (; at + 8 <= end; at += 8) {
    std::uint64_t x, y;
    std::memcpy(&x, a.data() + at, 8);
    std::memcpy(&y, b.data() + at, 8);
    if (x != y) return at + static_cast<unsigned>(std::countr_zero(x ^ y)) / 8;
  }
  while (at < end && a[at] == b[at]) ++at;
  return at;
}

// A hint: the whole node is needed soon.
inline void prefetch(const Node* node) noexcept {
  for (std::size_t at = 0; at < kNodeBytes; at += kNodeAlign)
    __builtin_prefetch(reinterpret_cast<const char*>(node) + at);
}

struct Comparison {
  int sign = 0;            // of a - b
  std::size_t common = 0;  // length of the longest common prefix
};

inline Comparison compare(std::string_view a, std::string_view b, std::size_t from) noexcept {
  const std::size_t common = common_prefix(a, b, from, SIZE_MAX);
  if (common == a.size() || common == b.size())
    return {a.size() == b.size() ? 0 : (a.size() < b.size() ? -1 : 1), common};
  return {static_cast<unsigned char>(a[common]) < static_cast<unsigned char>(b[common]) ? -1 : 1, common};
}

}  // namespace flashkv::order
