// The second level alone.
#include "storage/engine/perfect_hash/bucket.h"

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <set>
#include <vector>

namespace flashkv::perfect_hash {
namespace {

struct Destroy {
  void operator()(Bucket* b) const { Bucket::destroy(b); }
};
using BucketPtr = std::unique_ptr<Bucket, Destroy>;

// Any address will do: nobody follows it here.
Leaf leaf_of(std::size_t n) { return Leaf(std::uintptr_t{8} * (n + 1)); }

std::vector<Entry> entries_of(const std::vector<std::uint64_t>& words) {
  std::vector<Entry> entries;
  for (std::size_t i = 0; i < words.size(); ++i) entries.push_back({words[i], leaf_of(i)});
  return entries;
}

void expect_separate(const std::vector<std::uint64_t>& words) {
  Multipliers multipliers(words.size());
  const auto entries = entries_of(words);
  const BucketPtr bucket(Bucket::make(entries, multipliers));
  ASSERT_NE(bucket, nullptr) << words.size() << " words";
  std::set<const void*> places;
  for (std::size_t i = 0; i < words.size(); ++i) {
    ASSERT_EQ(bucket->look(words[i]).word(), leaf_of(i).word());
    places.insert(bucket->place(words[i]));
  }
  EXPECT_EQ(places.size(), words.size()) << "two words in one slot";
  EXPECT_EQ(bucket->slots(), Bucket::slots_for(words.size())) << "larger than the theorem asks for";
}

TEST(Bucket, EveryWordHasASlotOfItsOwn) {
  std::mt19937_64 random(1);
  for (std::size_t size = 1; size <= Bucket::kMostWords; ++size) {
    std::vector<std::uint64_t> words(size);
    for (std::uint64_t& w : words) w = random();
    expect_separate(words);
  }
}

// Words that differ in few places, as hashes that somebody narrowed do.
TEST(Bucket, SoDoWordsThatAreAlike) {
  for (unsigned shift = 0; shift <= 56; ++shift) {
    for (const std::size_t size : {2, 3, 17, 100, 255}) {
      std::vector<std::uint64_t> words;
      for (std::uint64_t n = 0; n < size; ++n) words.push_back(n << shift);
      expect_separate(words);
    }
  }
}

TEST(Bucket, AWordThatIsNotInItLeadsNowhere) {
  std::mt19937_64 random(2);
  std::vector<std::uint64_t> words(20);
  for (std::uint64_t& w : words) w = random();
  Multipliers multipliers(3);
  const BucketPtr bucket(Bucket::make(entries_of(words), multipliers));
  ASSERT_NE(bucket, nullptr);
  for (int i = 0; i < 100'000; ++i) ASSERT_TRUE(bucket->look(random()).empty());
}

// Equal words cannot be told apart: the search has an end.
TEST(Bucket, TheSearchForAMultiplierIsBounded) {
  Multipliers multipliers(4);
  const auto entries = entries_of({7, 9, 7});
  EXPECT_EQ(Bucket::make(entries, multipliers), nullptr);
}

TEST(Bucket, TheSameWordsKeepTheirMultiplier) {
  std::vector<std::uint64_t> words{1, 2, 3, 4, 5, 6, 7, 8};
  Multipliers multipliers(5);
  auto entries = entries_of(words);
  const BucketPtr first(Bucket::make(entries, multipliers));
  ASSERT_NE(first, nullptr);
  entries[3].leaf = leaf_of(99);
  const BucketPtr second(Bucket::make(entries, multipliers, first->multiplier()));
  ASSERT_NE(second, nullptr);
  EXPECT_EQ(second->multiplier(), first->multiplier());
  EXPECT_EQ(second->look(4).word(), leaf_of(99).word());
  EXPECT_EQ(first->look(4).word(), leaf_of(3).word()) << "a bucket that is in use does not change";
}

TEST(Bucket, AWrongHintDoesNoHarm) {
  Multipliers multipliers(6);
  // Every word times this is 0: they meet in the first slot.
  const BucketPtr bucket(Bucket::make(entries_of({1, 2, 3}), multipliers, std::uint64_t{1} << 63));
  ASSERT_NE(bucket, nullptr);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(bucket->look(i + 1).word(), leaf_of(i).word());
}

}  // namespace
}  // namespace flashkv::perfect_hash
