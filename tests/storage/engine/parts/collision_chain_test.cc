// Records that share one hash: each found by its own key, the last one alone again.
#include "storage/engine/parts/collision_chain.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

namespace flashkv {
namespace {

Record* make_record(std::string_view key, std::string_view value = "v") {
  Record* r = Record::make(key, value, Record::Expiry::kNone).release();
  r->retain();
  return r;
}

class CollisionChainTest : public ::testing::Test {
 protected:
  ~CollisionChainTest() override { leaf_.destroy(); }

  void put(std::string_view key, std::string_view value = "v") {
    ASSERT_TRUE(memory_.reserve(leaf_.size() + 1));
    ASSERT_TRUE(retired_.reserve(LeafChange::kMostRetired));
    apply(leaf_.with(make_record(key, value), memory_));
  }
  void erase(std::string_view key) {
    ASSERT_TRUE(memory_.reserve(leaf_.size()));
    ASSERT_TRUE(retired_.reserve(LeafChange::kMostRetired));
    apply(leaf_.without(key, memory_));
  }
  void apply(const LeafChange& change) {
    leaf_ = change.after;
    change.retire(retired_);
    memory_.drop_reservations();
    retired_.drop_reservations();
  }
  std::vector<std::string> keys() const {
    std::vector<std::string> all;
    leaf_.for_each([&](const Record* r) { all.emplace_back(r->key()); });
    std::sort(all.begin(), all.end());
    return all;
  }

  ChainMemory memory_;
  reclaim::RetireList retired_;
  Leaf leaf_;
};

using Keys = std::vector<std::string>;

TEST_F(CollisionChainTest, StartsEmpty) {
  EXPECT_TRUE(leaf_.empty());
  EXPECT_EQ(leaf_.size(), 0U);
  EXPECT_EQ(leaf_.find("a"), nullptr);
  EXPECT_EQ(leaf_.any(), nullptr);
}

TEST_F(CollisionChainTest, OneRecordNeedsNoChain) {
  put("a", "1");
  EXPECT_FALSE(leaf_.is_chain());
  EXPECT_EQ(leaf_.single()->value(), "1");
  put("a", "2");
  EXPECT_FALSE(leaf_.is_chain());
  EXPECT_EQ(leaf_.find("a")->value(), "2");
  EXPECT_EQ(leaf_.find("b"), nullptr);
}

TEST_F(CollisionChainTest, SecondKeyMakesAChainAndItsErasureEndsIt) {
  put("a");
  put("b");
  EXPECT_TRUE(leaf_.is_chain());
  EXPECT_EQ(leaf_.single(), nullptr);
  EXPECT_EQ(keys(), (Keys{"a", "b"}));
  erase("a");
  EXPECT_FALSE(leaf_.is_chain());
  EXPECT_EQ(keys(), (Keys{"b"}));
  erase("b");
  EXPECT_TRUE(leaf_.empty());
}

TEST_F(CollisionChainTest, ReplacingInAChainKeepsTheOthers) {
  for (const char* k : {"a", "b", "c"}) put(k, "1");
  put("b", "2");
  EXPECT_EQ(keys(), (Keys{"a", "b", "c"}));
  EXPECT_EQ(leaf_.find("b")->value(), "2");
  EXPECT_EQ(leaf_.find("a")->value(), "1");
}

TEST_F(CollisionChainTest, ErasingAnAbsentKeyChangesAndRetiresNothing) {
  put("a");
  put("b");
  const std::uintptr_t before = leaf_.word();
  const std::uint64_t retired = retired_.bytes();
  erase("c");
  EXPECT_EQ(leaf_.word(), before);
  EXPECT_EQ(retired_.bytes(), retired);
}

TEST_F(CollisionChainTest, AChangedChainIsRetiredWhole) {
  put("a");
  put("b");
  const std::size_t chain = leaf_.chain()->bytes();
  const std::size_t record = leaf_.find("a")->bytes();
  erase("a");
  EXPECT_EQ(retired_.bytes(), chain + record);
}

TEST_F(CollisionChainTest, PrefixesAndNulAreKeysOfTheirOwn) {
  const Keys all{"", std::string(1, '\0'), std::string(2, '\0'), "a", "aa"};
  for (const auto& k : all) put(k, k);
  EXPECT_EQ(keys(), all);
  for (const auto& k : all) EXPECT_EQ(leaf_.find(k)->value(), k);
}

TEST_F(CollisionChainTest, ReservationsServeChangesInAnyOrder) {
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    std::vector<std::size_t> sizes;
    for (int i = 0; i < 20; ++i) sizes.push_back(2 + random() % 30);
    for (std::size_t s : sizes) ASSERT_TRUE(memory_.reserve(s));
    std::shuffle(sizes.begin(), sizes.end(), random);
    for (std::size_t s : sizes) {
      CollisionChain* chain = memory_.take(s);
      EXPECT_EQ(chain->bytes(), CollisionChain::bytes_for(s)) << "the smallest that is large enough";
      CollisionChain::destroy(chain);
    }
    EXPECT_EQ(memory_.bytes(), 0U);
  }
}

TEST_F(CollisionChainTest, SettlingGivesBackWhatIsLeft) {
  ASSERT_TRUE(memory_.reserve(5));
  ASSERT_TRUE(memory_.reserve(1));
  EXPECT_EQ(memory_.bytes(), CollisionChain::bytes_for(5));
  memory_.drop_reservations();
  EXPECT_EQ(memory_.bytes(), 0U);
}

TEST_F(CollisionChainTest, TakingWhatWasNotReservedEndsTheProcess) {
  ASSERT_TRUE(memory_.reserve(2));
  EXPECT_DEATH(memory_.take(3), "not reserved");
}

}  // namespace
}  // namespace flashkv
