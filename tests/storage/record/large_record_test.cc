// Records with pages of their own: how they are counted, that the pages go back, and what happens
// without memory.
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "storage/record/large_block.h"
#include "storage/record/record.h"
#include "tests/support/failing_new.h"

namespace flashkv::test {
namespace {

using large_block::kLeast;
using large_block::kMostWaiting;
constexpr auto kNone = Record::Expiry::kNone;
constexpr std::size_t kHeader = 32;

// What waited when the test began, of earlier ones, is gone.
class LargeBlocks : public ::testing::Test {
 protected:
  LargeBlocks() { large_block::trim(0, kMostWaiting); }
};

TEST(LargeRecord, CountsTheBytesItTakes) {
  const std::string key = "key";
  const auto bytes = [&](std::size_t used) {
    const RecordPtr r = Record::make(key, std::string(used - kHeader - key.size(), 'v'), kNone);
    EXPECT_EQ(r->bytes(), Record::bytes_for(key.size(), r->value().size(), kNone));
    EXPECT_EQ(r->value().back(), 'v');
    return r->bytes();
  };
  EXPECT_EQ(bytes(kLeast - 1), kLeast - 1) << "the allocator's";
  EXPECT_EQ(bytes(kLeast), kLeast);
  EXPECT_EQ(bytes(kLeast + 1), kLeast + kLeast / 8);
  EXPECT_EQ(bytes((4 << 20) + 40), (4 << 20) + (1 << 19));
}

#if !defined(__SANITIZE_THREAD__)  // its shadow memory counts as resident
std::size_t resident() {
  std::ifstream statm("/proc/self/statm");
  std::size_t all = 0, pages = 0;
  statm >> all >> pages;
  return pages * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

// The shape that an allocator with a heap for each thread keeps: made by threads that go idle, freed
// by another.
TEST_F(LargeBlocks, GoBackToTheSystemWhicheverThreadFreesThem) {
  constexpr std::size_t kRecords = 32;
  constexpr std::size_t kValue = std::size_t{4} << 20;
  const std::string value(kValue, 'v');
  std::vector<RecordPtr> records(kRecords);
  const std::size_t before = resident();
  std::thread maker([&] {
    for (RecordPtr& r : records) r = Record::make("key", value, kNone);
  });
  maker.join();
  EXPECT_GE(resident(), before + kRecords * kValue);
  records.clear();
  while (large_block::trim(0, large_block::kPiece)) {
  }
  EXPECT_LE(resident(), before + (std::size_t{1} << 20));
}
#endif

TEST_F(LargeBlocks, GoBackInPiecesDownToWhatIsKept) {
  if (kMostWaiting == 0) return;  // vacuous: AddressSanitizer's builds let none wait
  constexpr std::size_t kEach = 3 * large_block::kPiece + kLeast;
  std::vector<void*> made(4);
  for (void*& block : made) block = large_block::allocate(kEach);
  for (void* block : made) large_block::release(block, kEach);
  EXPECT_EQ(large_block::waiting(), 4 * kEach);
  std::size_t before = large_block::waiting();
  constexpr std::size_t kKeep = kEach + kLeast;
  for (bool more = true; more;) {
    more = large_block::trim(kKeep, large_block::kPiece);
    const std::size_t now = large_block::waiting();
    ASSERT_EQ(more, now > kKeep);
    ASSERT_LT(now, before);
    ASSERT_LE(before - now, large_block::kPiece);
    before = now;
  }
  EXPECT_GT(before, kKeep - large_block::kPiece) << "more went than had to";
  EXPECT_FALSE(large_block::trim(before, kMostWaiting));
  EXPECT_EQ(large_block::waiting(), before) << "no more than that waits";
  EXPECT_FALSE(large_block::trim(0, kMostWaiting));
  EXPECT_EQ(large_block::waiting(), 0U);
}

TEST_F(LargeBlocks, WhatIsLeftOfOneServesASmallerRecord) {
  if (kMostWaiting == 0) return;  // vacuous: AddressSanitizer's builds let none wait
  void* block = large_block::allocate(3 * kLeast);
  large_block::release(block, 3 * kLeast);
  EXPECT_TRUE(large_block::trim(0, kLeast));
  const std::uint64_t uses = large_block::uses();
  void* smaller = large_block::allocate(2 * kLeast);
  EXPECT_EQ(smaller, block);
  EXPECT_EQ(large_block::uses(), uses + 1);
  EXPECT_EQ(large_block::waiting(), 0U);
  std::memset(smaller, 'v', 2 * kLeast);
  large_block::release(smaller, 2 * kLeast);
}

// The writer releases all that one publish frees: giving it back then would hold up every request.
TEST_F(LargeBlocks, WhatIsBeyondTheLimitGoesBackInPiecesToo) {
  if (kMostWaiting == 0) return;                        // vacuous: AddressSanitizer's builds let none wait
  constexpr std::size_t kEach = std::size_t{64} << 20;  // nobody writes to it: no pages
  std::vector<void*> made(kMostWaiting / kEach + 2);
  const std::size_t all = made.size() * kEach;
  for (void*& block : made) ASSERT_NE(block = large_block::allocate(kEach), nullptr);
  for (void* block : made) large_block::release(block, kEach);
  EXPECT_EQ(large_block::waiting(), all) << "some went at once";
  EXPECT_TRUE(large_block::trim(0, large_block::kPiece));
  EXPECT_EQ(large_block::waiting(), all - large_block::kPiece);
  EXPECT_FALSE(large_block::trim(kMostWaiting, all));
  EXPECT_EQ(large_block::waiting(), kMostWaiting);
  const std::uint64_t uses = large_block::uses();
  made.resize(kMostWaiting / kEach);
  for (void*& block : made) block = large_block::allocate(kEach);
  EXPECT_EQ(large_block::uses(), uses + made.size()) << "the surplus goes first, what may be used stays";
  for (void* block : made) large_block::release(block, kEach);
  EXPECT_FALSE(large_block::trim(0, all));
  EXPECT_EQ(large_block::waiting(), 0U);
}

// Each block has one owner at a time, and none is lost, while several threads release what one gives back.
TEST_F(LargeBlocks, ThreadsShareTheSurplus) {
  if (kMostWaiting == 0) return;  // vacuous: AddressSanitizer's builds let none wait
  constexpr std::size_t kHalf = kMostWaiting / 2;
  void* const halves[] = {large_block::allocate(kHalf), large_block::allocate(kHalf)};
  for (void* half : halves) large_block::release(half, kHalf);
  constexpr int kThreads = 4;
  std::vector<std::thread> threads;
  std::atomic<int> running{kThreads};
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([t, &running] {
      for (int round = 0; round < 200; ++round) {
        auto* const block = static_cast<int*>(large_block::allocate(kLeast));
        ASSERT_NE(block, nullptr);
        block[0] = block[100] = t;
        std::this_thread::yield();
        EXPECT_EQ(block[0], t);
        EXPECT_EQ(block[100], t);
        large_block::release(block, kLeast);
      }
      --running;
    });
  }
  while (running != 0) large_block::trim(kMostWaiting, kLeast / 2);
  for (std::thread& t : threads) t.join();
  EXPECT_FALSE(large_block::trim(0, SIZE_MAX));
  EXPECT_EQ(large_block::waiting(), 0U);
}

TEST(LargeRecord, ABlockThatWaitsServesTheNextOfItsSize) {
  if (kMostWaiting == 0) return;  // vacuous: AddressSanitizer's builds let none wait
  const std::string value(std::size_t{1} << 20, 'v');
  const Record* first = Record::make("key", value, kNone).get();
  allocations_left = 0;
  const RecordPtr again = Record::make("key", value, kNone);
  allocations_left = -1;
  EXPECT_EQ(again.get(), first);
  ASSERT_NE(again, nullptr);
  EXPECT_EQ(again->value(), value);
  EXPECT_EQ(again->version(), 0U) << "nothing of the earlier record is left";
}

TEST_F(LargeBlocks, WithoutMemoryThereAreNone) {
  const std::int64_t before = Record::live();
  const std::string value(std::size_t{3} << 20, 'v');
  allocations_left = 0;
  const RecordPtr none = Record::make("key", value, kNone);
  allocations_left = 1;
  const RecordPtr one = Record::make("key", value, kNone);
  const RecordPtr two = one ? one->clone() : nullptr;
  allocations_left = -1;
  EXPECT_EQ(none, nullptr);
  EXPECT_NE(one, nullptr);
  EXPECT_EQ(two, nullptr);
#ifndef NDEBUG
  EXPECT_EQ(Record::live(), before + 1);
#else
  EXPECT_EQ(Record::live(), before);
#endif
}

TEST_F(LargeBlocks, OneWithAnExpiryGoesBackWhole) {
  const std::string value(kLeast, 'v');
  RecordPtr r = Record::make("key", value, Record::Expiry::kRoom);
  ASSERT_NE(r, nullptr);
  EXPECT_EQ(r->bytes(), Record::bytes_for(3, value.size(), Record::Expiry::kRoom));
  r->set_expires_at_ms(7);
  const RecordPtr copy = r->clone();
  r.reset();
  EXPECT_EQ(copy->expires_at_ms(), 7);
  EXPECT_TRUE(copy->value() == value);
}

// A writer that frees and trims while request threads make: every record holds what was written into it.
TEST_F(LargeBlocks, ThreadsShareThoseThatWait) {
  constexpr int kThreads = 4;
  constexpr int kRounds = 50;
  std::vector<std::thread> threads;
  std::atomic<int> running{kThreads};
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([t, &running] {
      for (int round = 0; round < kRounds; ++round) {
        const std::string key = std::to_string(t * kRounds + round);
        const std::string value(kLeast + static_cast<std::size_t>(round % 3) * (kLeast / 8),
                                static_cast<char>('a' + t));
        const RecordPtr a = Record::make(key, value, kNone);
        const RecordPtr b = Record::make(key, value, kNone);
        EXPECT_NE(a.get(), b.get());
        EXPECT_EQ(a->key(), key);
        EXPECT_TRUE(a->value() == value);
        EXPECT_TRUE(b->value() == value);
      }
      --running;
    });
  }
  for (std::size_t round = 0; running != 0; ++round) {
    large_block::trim(round % 4 * kLeast, kLeast / 8 * (1 + round % 3));
    std::this_thread::yield();
  }
  for (std::thread& t : threads) t.join();
}

}  // namespace
}  // namespace flashkv::test
