#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/storage/engine/flashmap/table_view.h"

namespace flashkv::flashmap {
namespace {

const KeyHash kHash{42};

TEST(Lookup, AnEmptyTableFindsNothingAndCostsLittle) {
  TwinTable table{kHash};
  EXPECT_EQ(table.find({"", kHash("")}), nullptr);
  EXPECT_EQ(table.find({"key", kHash("key")}), nullptr);
  EXPECT_EQ(table.half(0).find({"key", kHash("key")}), nullptr);
  EXPECT_LT(table.stats().index_bytes, 100U * 1024);
  EXPECT_EQ(table.stats().keys, 0U);
}

// Lengths around every word size, the largest key, NUL bytes, and prefixes of each other.
TEST(Lookup, TellsApartKeysOfEveryShape) {
  std::vector<std::string> keys;
  for (const std::size_t size : {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 1000, 65'535}) {
    keys.emplace_back(size, 'a');
    keys.emplace_back(size, '\0');
    keys.push_back(std::string(size - 1, 'a') + 'b');
    keys.push_back('b' + std::string(size - 1, 'a'));
  }
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  TwinTable table{kHash};
  for (const std::string& key : keys) put(table, kHash, key, "value of " + key);
  for (const std::string& key : keys) {
    const Record* record = table.find({key, kHash(key)});
    ASSERT_NE(record, nullptr) << key.size();
    EXPECT_EQ(record->value(), "value of " + key);
  }
  EXPECT_EQ(table.stats().keys, keys.size());
}

class Batch : public ::testing::TestWithParam<std::uint64_t> {};

// Sizes around the group size, hits, misses and repeated keys mixed; the parameter masks the hash.
TEST_P(Batch, AnswersAsOneByOneDoes) {
  const KeyHash hash{1, GetParam()};
  TwinTable table{hash};
  for (int i = 0; i < 600; i += 2) put(table, hash, "key" + std::to_string(i), std::to_string(i));
  for (const std::size_t size : {0, 1, 2, 31, 32, 33, 64, 100, 600}) {
    std::vector<std::string> keys;
    for (std::size_t i = 0; i < size; ++i) keys.push_back("key" + std::to_string(i * 7 % 600));
    std::vector<Probe> probes;
    for (const std::string& key : keys) probes.push_back({key, hash(key)});
    std::vector<const Record*> found(size, reinterpret_cast<const Record*>(1));
    const Half& half = table.half(table.staged());
    half.find_batch(probes, found);
    for (std::size_t i = 0; i < size; ++i) {
      ASSERT_EQ(found[i], half.find(probes[i])) << keys[i];
      ASSERT_EQ(found[i] != nullptr, i * 7 % 600 % 2 == 0) << keys[i];
    }
    table.prefetch(probes);
  }
}

INSTANTIATE_TEST_SUITE_P(Masks, Batch,
                         ::testing::Values(~std::uint64_t{0}, 0, 0x3, 0xff, 0xff00'0000'0000'0000));

}  // namespace
}  // namespace flashkv::flashmap
