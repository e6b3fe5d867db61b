#include "storage/engine/flashmap/bucket.h"

#include <gtest/gtest.h>

#include <random>

#include "storage/record/same_key.h"

namespace flashkv::flashmap {
namespace {

Record* address(std::uint64_t n) { return reinterpret_cast<Record*>(n); }

TEST(Bucket, KeepsNineAddressesOf48BitsApart) {
  Bucket bucket{};
  for (unsigned i = 0; i < Bucket::kSlots; ++i)
    bucket.fill(i, static_cast<std::uint8_t>(i + 1), address(0x7fff'ffff'fff0 - i));
  bucket.replace(4, address(0x10));
  for (unsigned i = 0; i < Bucket::kSlots; ++i) {
    EXPECT_EQ(bucket.record(i), i == 4 ? address(0x10) : address(0x7fff'ffff'fff0 - i)) << i;
    EXPECT_EQ(bucket.match(static_cast<std::uint8_t>(i + 1)), 1U << i);
  }
  EXPECT_EQ(bucket.free_slots(), 0U);
  EXPECT_EQ(bucket.overflow(), 0);
  bucket.clear(8);
  EXPECT_EQ(bucket.free_slots(), 1U << 8);
}

TEST(Bucket, MatchesOnlyTagsWhateverTheOtherBytesAre) {
  std::mt19937_64 random(1);
  for (int round = 0; round < 20'000; ++round) {
    Bucket bucket;
    std::uint8_t tags[Bucket::kSlots];
    for (unsigned i = 0; i < Bucket::kSlots; ++i) {
      tags[i] = static_cast<std::uint8_t>(random() % 3 == 0 ? random() : random() % 4);
      bucket.fill(i, tags[i], address(random() >> 16));
    }
    const auto wanted = static_cast<std::uint8_t>(random() % 2 == 0 ? random() % 4 : tags[random() % 9]);
    unsigned expected = 0;
    for (unsigned i = 0; i < Bucket::kSlots; ++i) expected |= (tags[i] == wanted ? 1U : 0U) << i;
    ASSERT_EQ(bucket.match(wanted), expected);
    ASSERT_EQ(bucket.match_portable(wanted), expected);
    const std::uint64_t hash = random();
    ASSERT_EQ(bucket.match_hash(hash), bucket.match(tag_of(hash)));
    ASSERT_EQ(bucket.match_hash(hash & ~std::uint64_t{0xff}), bucket.match(1));
  }
}

TEST(Bucket, ATagIsNeverTheMarkOfAnEmptySlot) {
  for (std::uint64_t low = 0; low < 256; ++low) EXPECT_NE(tag_of(low), 0);
}

TEST(Bucket, OverflowCountsUpAndDownAndSticksAtItsMaximum) {
  Bucket bucket{};
  for (int i = 0; i < 254; ++i) bucket.add_overflow();
  bucket.drop_overflow();
  EXPECT_EQ(bucket.overflow(), 253);
  for (int i = 0; i < 300; ++i) bucket.add_overflow();
  EXPECT_EQ(bucket.overflow(), Bucket::kStickyOverflow);
  bucket.drop_overflow();
  EXPECT_EQ(bucket.overflow(), Bucket::kStickyOverflow);
  EXPECT_EQ(bucket.free_slots(), Bucket::kAllSlots);
}

TEST(SameKey, SeesADifferenceInAnyByteOfAnyLength) {
  for (std::size_t size = 0; size <= 70; ++size) {
    const std::string key(size, 'k');
    const RecordPtr record = Record::make(key, "v", Record::Expiry::kNone);
    EXPECT_TRUE(same_key(*record, key)) << size;
    EXPECT_FALSE(same_key(*record, key + 'k')) << size;
    EXPECT_EQ(same_key(*record, key + 'v'), false) << size;
    if (size != 0) {
      EXPECT_FALSE(same_key(*record, std::string_view(key).substr(1))) << size;
    }
    for (std::size_t at = 0; at < size; ++at) {
      std::string other = key;
      other[at] = '\0';
      EXPECT_FALSE(same_key(*record, other)) << size << " differs at " << at;
    }
  }
}

}  // namespace
}  // namespace flashkv::flashmap
