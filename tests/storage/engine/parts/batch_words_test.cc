// The promises of one batch: neighbouring words, and the chains needed where keys share a word.
#include "storage/engine/parts/batch_words.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace flashkv {
namespace {

class BatchWordsTest : public ::testing::Test {
 protected:
  ~BatchWordsTest() override { leaf_.destroy(); }
  BatchWords::Promise add(std::uint64_t word, std::string_view key = "k", Leaf leaf = {}) {
    BatchWords::Promise promise;
    EXPECT_TRUE(words_.add(word, key, leaf, promise));
    return promise;
  }
  Record* record(std::string_view key) {
    Record* r = Record::make(key, "v", Record::Expiry::kNone).release();
    r->retain();
    return r;
  }

  BatchWords words_;
  Leaf leaf_;
};

TEST_F(BatchWordsTest, NamesTheNearestWordsOnBothSides) {
  EXPECT_EQ(add(50).below, std::nullopt);
  const auto low = add(10);
  EXPECT_EQ(low.below, std::nullopt);
  EXPECT_EQ(low.above, 50U);
  add(90);
  const auto middle = add(60);
  EXPECT_EQ(middle.below, 50U);
  EXPECT_EQ(middle.above, 90U);
  EXPECT_EQ(middle.changes, 1U);
}

TEST_F(BatchWordsTest, AWordThatWasTakenBackIsNobodysNeighbour) {
  add(50);
  add(50, "other");
  words_.remove(50);
  EXPECT_EQ(add(60).below, 50U);
  words_.remove(50);
  EXPECT_EQ(add(70).below, 60U);
  words_.remove(60);
  words_.remove(70);
  words_.remove(70);
  EXPECT_TRUE(words_.empty());
}

TEST_F(BatchWordsTest, CountsTheChangesOfOneWord) {
  EXPECT_EQ(add(5, "a").changes, 1U);
  EXPECT_EQ(words_.chains().bytes(), 0U) << "a lone key needs no chain";
  EXPECT_EQ(add(5, "b").changes, 2U);
  EXPECT_EQ(words_.chains().bytes(), 2 * CollisionChain::bytes_for(2)) << "one for each, in any order";
  EXPECT_EQ(add(5, "c").changes, 3U);
  EXPECT_EQ(words_.chains().bytes(), 2 * CollisionChain::bytes_for(2) + CollisionChain::bytes_for(3));
}

TEST_F(BatchWordsTest, AnOverwriteNeedsNoChainButAMeetingDoes) {
  leaf_ = Leaf(record("a"));
  add(5, "a", leaf_);
  EXPECT_EQ(words_.chains().bytes(), 0U);
  add(6, "b", leaf_);
  EXPECT_EQ(words_.chains().bytes(), CollisionChain::bytes_for(2));
}

TEST_F(BatchWordsTest, SettlingForgetsAll) {
  add(5, "a");
  add(5, "b");
  words_.drop_reservations();
  EXPECT_TRUE(words_.empty());
  EXPECT_EQ(words_.chains().bytes(), 0U);
  EXPECT_EQ(add(6).below, std::nullopt);
}

}  // namespace
}  // namespace flashkv
