#include "server/service/watch/watch_index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace flashkv::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

class WatchIndexTest : public testing::Test {
 protected:
  Watch& add(KeyRange range) {
    Watch& watch = *watches.emplace_back(std::make_unique<Watch>());
    watch.id = watches.size();
    watch.range = std::move(range);
    index.add(watch);
    return watch;
  }
  std::vector<std::uint64_t> matched(std::string_view key) const {
    std::vector<std::uint64_t> ids;
    index.match(key, [&](Watch& w) { ids.push_back(w.id); });
    return ids;
  }

  std::vector<std::unique_ptr<Watch>> watches;
  WatchIndex index;
};

TEST(KeyRange, APrefixEndsWithTheNextOne) {
  const KeyRange range = KeyRange::of_prefix("a/");
  EXPECT_TRUE(range.contains("a/"));
  EXPECT_TRUE(range.contains("a/\xff\xff"));
  EXPECT_FALSE(range.contains("a0"));
  EXPECT_FALSE(range.contains("a"));
}

TEST(KeyRange, APrefixOfTheLastBytesHasNoEnd) {
  EXPECT_TRUE(KeyRange::of_prefix("\xff\xff").to_last);
  EXPECT_TRUE(KeyRange::of_prefix("\xff\xff").contains("\xff\xff\xff"));
  EXPECT_FALSE(KeyRange::of_prefix("\xff\xff").contains("\xff"));
  EXPECT_EQ(KeyRange::of_prefix("a\xff").end, "b");
}

TEST(KeyRange, OneKeyIsNotItsSuccessor) {
  EXPECT_TRUE(KeyRange::of_key("a").is_one_key());
  EXPECT_TRUE(KeyRange::of_key("a").contains("a"));
  EXPECT_FALSE(KeyRange::of_key("a").contains(std::string("a\0", 2)));
  EXPECT_FALSE(KeyRange::of_prefix("a").is_one_key());
  EXPECT_FALSE(KeyRange::of("a", "").is_one_key());
}

TEST_F(WatchIndexTest, KeysPrefixesAndRangesAreFound) {
  add(KeyRange::of_key("user/7"));
  add(KeyRange::of_prefix("user/"));
  add(KeyRange::of("user/5", "user/8"));
  add(KeyRange::of("", ""));
  add(KeyRange::of_key("user/7"));
  EXPECT_THAT(matched("user/7"), UnorderedElementsAre(1, 2, 3, 4, 5));
  EXPECT_THAT(matched("user/9"), UnorderedElementsAre(2, 4));
  EXPECT_THAT(matched("user/8"), UnorderedElementsAre(2, 4)) << "the end of a range is not in it";
  EXPECT_THAT(matched("a"), ElementsAre(4));
}

TEST_F(WatchIndexTest, WhatIsRemovedIsNotFound) {
  Watch& key = add(KeyRange::of_key("a"));
  Watch& first = add(KeyRange::of_prefix("a"));
  add(KeyRange::of_prefix("a"));
  Watch& all = add(KeyRange::of("", ""));
  index.remove(first);
  index.remove(key);
  EXPECT_THAT(matched("a"), UnorderedElementsAre(3, 4));
  index.remove(all);
  EXPECT_THAT(matched("a"), ElementsAre(3));
  EXPECT_THAT(matched("b"), IsEmpty());
  EXPECT_EQ(index.size(), 1U);
}

std::string random_key(std::mt19937& random) {
  std::string key(1 + random() % 3, 'a');
  for (char& c : key) c = "abc\xff"[random() % 4];
  return key;
}

KeyRange random_range(std::mt19937& random) {
  const std::string key = random_key(random);
  const std::string other = random_key(random);
  switch (random() % 4) {
    case 0:
      return KeyRange::of_key(key);
    case 1:
      return KeyRange::of_prefix(key);
    case 2:
      return KeyRange::of(key, "");
    default:
      return key < other ? KeyRange::of(key, other) : KeyRange::of("", key);
  }
}

TEST_F(WatchIndexTest, FindsWhatASearchOfAllFinds) {
  std::mt19937 random(11);
  std::set<Watch*> in;
  for (int round = 0; round < 4'000; ++round) {
    if (in.size() < 200 && random() % 3 != 0) {
      in.insert(&add(random_range(random)));
    } else if (!in.empty()) {
      const auto it = std::next(in.begin(), static_cast<std::ptrdiff_t>(random() % in.size()));
      index.remove(**it);
      in.erase(it);
    }
    const std::string key = random_key(random);
    std::multiset<std::uint64_t> wanted;
    for (const Watch* w : in) {
      if (w->range.contains(key)) wanted.insert(w->id);
    }
    const std::vector<std::uint64_t> ids = matched(key);
    ASSERT_EQ(std::multiset<std::uint64_t>(ids.begin(), ids.end()), wanted) << "round " << round;
    std::size_t walked = 0;
    index.for_each([&](Watch&) { ++walked; });
    ASSERT_EQ(walked, in.size());
  }
}

}  // namespace
}  // namespace flashkv::test
