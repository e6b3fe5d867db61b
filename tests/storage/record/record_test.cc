// What a record holds: sizes at their limits, stamps, owners beyond any 16 bits.
#include "storage/record/record.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace flashkv {
namespace {

constexpr auto kNone = Record::Expiry::kNone;
constexpr auto kRoom = Record::Expiry::kRoom;

TEST(Record, HoldsKeyValueAndExpiry) {
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{255}, Record::kMaxKeyBytes}) {
    const std::string key(size, 'k');
    RecordPtr r = Record::make(key, "head", "tail", kRoom);
    ASSERT_NE(r, nullptr);
    EXPECT_EQ(r->expires_at_ms(), 0);
    r->stamp(1, 2, 3);
    r->set_expires_at_ms(-7);
    EXPECT_EQ(r->key(), key);
    EXPECT_EQ(r->value(), "headtail");
    EXPECT_EQ(r->expires_at_ms(), -7);
    EXPECT_EQ(r->bytes(), 32 + size + 8 + 24) << "header, key, value; instant and link";
    EXPECT_EQ(Record::make(key, "headtail", kNone)->bytes(), 32 + size + 8);
  }
  const std::string too_long(Record::kMaxKeyBytes + 1, 'k');
  EXPECT_EQ(Record::make(too_long, "", kNone), nullptr);
}

// The version and the key's size share a word.
TEST(Record, AStampLeavesTheKeyAndAKeyTheStamp) {
  constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();
  const std::string key(Record::kMaxKeyBytes, 'k');
  RecordPtr r = Record::make(key, "v", kNone);
  EXPECT_EQ(r->version(), 0U);
  for (const std::uint64_t version :
       {std::uint64_t{1}, std::uint64_t{1} << 32, (std::uint64_t{1} << 40) + 5}) {
    r->stamp(kMost, kMost - 1, version);
    EXPECT_EQ(r->create_revision(), kMost);
    EXPECT_EQ(r->mod_revision(), kMost - 1);
    EXPECT_EQ(r->version(), version);
    EXPECT_EQ(r->key(), key);
  }
  r->stamp(1, 2, kMost);
  EXPECT_EQ(r->version(), Record::kMaxVersion) << "it stays there rather than begin again";
  r->stamp(1, 2, Record::kMaxVersion + 1);
  EXPECT_EQ(r->version(), Record::kMaxVersion);
  EXPECT_EQ(r->key(), key);
  EXPECT_EQ(r->value(), "v");
}

TEST(Record, AnyNumberOfOwnersAndTheLastOneFrees) {
  constexpr int kOwners = 200'000;
  const std::int64_t before = Record::live();
  RecordPtr made = Record::make("key", "value", kNone);
  made->stamp(1, 1, 1);
  Record* r = made.release();
  for (int i = 0; i < kOwners; ++i) r->retain();
  for (int i = 0; i < kOwners - 1; ++i) {
    r->release();
    // A counter that wraps frees it at its first zero; the allocator then writes over the key.
    if (i % 1'000 == 0) {
      ASSERT_EQ(r->value(), "value") << "after " << i;
    }
  }
#ifndef NDEBUG
  EXPECT_EQ(Record::live(), before + 1);
#endif
  EXPECT_EQ(r->key(), "key");
  r->release();
  EXPECT_EQ(Record::live(), before);
}

// The writer moves records from list to list while readers read them.
TEST(Record, TheLinkIsApartFromAllThatIsRead) {
  RecordPtr r = Record::make("key", "value", kRoom);
  RecordPtr other = Record::make("other", "", kRoom);
  EXPECT_EQ(r->expiry_link().next, nullptr);
  EXPECT_EQ(r->expiry_link().prev, nullptr);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(r.get()) % alignof(std::max_align_t), 0U)
      << "engines keep marks in the low bits";
  r->stamp(4, 5, 6);
  r->set_expires_at_ms(99);
  r->expiry_link() = {&other->expiry_link(), &other->expiry_link()};
  EXPECT_EQ(&Record::of(*r->expiry_link().next), other.get());
  EXPECT_EQ(r->key(), "key");
  EXPECT_EQ(r->value(), "value");
  EXPECT_EQ(r->create_revision(), 4U);
  EXPECT_EQ(r->mod_revision(), 5U);
  EXPECT_EQ(r->version(), 6U);
  EXPECT_EQ(r->expires_at_ms(), 99);
  EXPECT_EQ(r->clone()->expiry_link().next, nullptr) << "a copy is in no list";
}

TEST(Record, ACloneIsARecordOfItsOwn) {
  RecordPtr r = Record::make("key", "value", kRoom);
  r->stamp(4, 5, std::uint64_t{1} << 33);
  r->set_expires_at_ms(99);
  const RecordPtr copy = r->clone();
  r.reset();
  EXPECT_EQ(copy->key(), "key");
  EXPECT_EQ(copy->value(), "value");
  EXPECT_EQ(copy->create_revision(), 4U);
  EXPECT_EQ(copy->mod_revision(), 5U);
  EXPECT_EQ(copy->version(), std::uint64_t{1} << 33);
  EXPECT_EQ(copy->expires_at_ms(), 99);
}

}  // namespace
}  // namespace flashkv
