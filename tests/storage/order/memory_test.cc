// Bytes a key, after growth and after nearly everything was erased.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "tests/storage/order/index_view.h"

namespace flashkv::order {
namespace {

constexpr std::uint64_t kKeys = kSanitized ? 20'000 : 1'000'000;
constexpr std::uint64_t kBatch = 1'024;

std::string sixteen_bytes(std::uint64_t n) {
  std::string key(16, '\0');
  const std::uint64_t mixed = __builtin_bswap64(n * 0x9e37'79b9'7f4a'7c15);
  std::memcpy(key.data(), &mixed, 8);
  std::memcpy(key.data() + 8, &n, 8);
  return key;
}

std::vector<std::uint64_t> shuffled(std::uint64_t keys) {
  std::vector<std::uint64_t> numbers(keys);
  std::iota(numbers.begin(), numbers.end(), std::uint64_t{0});
  std::shuffle(numbers.begin(), numbers.end(), std::mt19937_64(3));
  return numbers;
}

template <typename Change>
void in_batches(OrderedIndex& index, std::uint64_t& revision, const std::vector<std::uint64_t>& numbers,
                Change&& change) {
  for (std::size_t n = 0; n < numbers.size(); ++n) {
    ASSERT_TRUE(index.reserve(1));
    change(numbers[n]);
    if ((n + 1) % kBatch == 0 || n + 1 == numbers.size()) index.publish(++revision);
  }
}

// Of a tree whose nodes are all full, but for the last of each level.
std::uint64_t least_bytes(std::uint64_t keys) {
  std::uint64_t nodes = 0;
  std::uint64_t level = (keys + Leaf::kCapacity - 1) / Leaf::kCapacity;
  for (; level > 1; level = (level + Inner::kCapacity - 1) / Inner::kCapacity) nodes += level;
  return (nodes + 1) * kNodeBytes;
}

TEST(OrderMemory, TwentyBytesAKeyAndHalfFullWhenNearlyAllAreErased) {
  for (const bool in_order : {false, true}) {
    const std::uint64_t keys = in_order ? kKeys / 5 : kKeys;
    OrderedIndex index;
    std::uint64_t revision = 0;
    const std::vector<std::uint64_t> numbers = shuffled(keys);
    in_batches(index, revision, numbers, [&](std::uint64_t n) {
      index.upsert(new_record(in_order ? numbered(n) : sixteen_bytes(n), {}, revision + 1));
    });
    EXPECT_LE(static_cast<double>(index.stats().node_bytes) / static_cast<double>(keys), 20.0);
    EXPECT_LE(index.stats().pool_bytes, OrderedIndex::kKeptBytes);

    std::vector<std::uint64_t> erased;
    for (const std::uint64_t n : numbers) {
      if (n % 100 != 0) erased.push_back(n);
    }
    if (in_order) std::sort(erased.begin(), erased.end());
    in_batches(index, revision, erased,
               [&](std::uint64_t n) { index.erase(in_order ? numbered(n) : sixteen_bytes(n)); });
    EXPECT_EQ(index.stats().keys, keys / 100);
    EXPECT_LE(index.stats().node_bytes, 2 * least_bytes(keys / 100)) << in_order;
    EXPECT_EQ(index.stats().retired_bytes, 0U);
    if (kSanitized) expect_sound(index);
  }
}

// Memory is given back as the index shrinks, and not only on paper: the pool is bounded.
TEST(OrderMemory, AnIndexWithoutKeysHasNoNodes) {
  OrderedIndex index;
  std::uint64_t revision = 0;
  std::vector<std::uint64_t> numbers(20'000);
  std::iota(numbers.begin(), numbers.end(), std::uint64_t{0});
  in_batches(index, revision, numbers,
             [&](std::uint64_t n) { index.upsert(new_record(numbered(n), {}, revision + 1)); });
  std::shuffle(numbers.begin(), numbers.end(), std::mt19937_64(4));
  in_batches(index, revision, numbers, [&](std::uint64_t n) { index.erase(numbered(n)); });
  EXPECT_EQ(index.stats().node_bytes, 0U);
  EXPECT_EQ(index.stats().retired_bytes, 0U);
  EXPECT_LE(index.stats().pool_bytes, OrderedIndex::kKeptBytes);
}

}  // namespace
}  // namespace flashkv::order
