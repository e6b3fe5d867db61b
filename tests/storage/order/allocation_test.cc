// Memory that runs out: reserve() and pin() say so and change nothing; nothing else allocates.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/storage/order/index_view.h"
#include "tests/support/failing_new.h"

namespace flashkv::order {
namespace {

TEST(OrderAllocation, WhicheverFailsTheStateIsWhatItWas) {
  constexpr std::size_t kChanges = 5;
  Twin twin;
  for (unsigned n = 0; n < 3'000; ++n) twin.put(numbered(n), "v");
  twin.publish();
  const Entries before = expected(twin.map);
  long failures = 0;
  for (;; ++failures) {
    test::fail_once = true;
    test::allocations_left = failures;
    const bool reserved = twin.index.reserve(kChanges);
    const bool ran_out = test::allocations_left < 0;
    test::allocations_left = -1;
    ASSERT_EQ(reserved, !ran_out) << "allocation " << failures;
    ASSERT_EQ(scanned(twin.index.staged()), before);
    if (reserved) break;
    twin.publish();
    ASSERT_EQ(twin.index.stats().pool_bytes, 0U) << "what was found before it failed is given back";
  }
  EXPECT_GE(failures, static_cast<long>(2 * kChanges)) << "a copy and a half for each change at least";
  expect_sound(twin.index);
}

// A request that was refused promises nothing; the one before it keeps its promises.
TEST(OrderAllocation, ARefusedReservationTakesNothingFromTheOthers) {
  Twin twin;
  for (unsigned n = 0; n < 3'000; ++n) twin.put(numbered(2 * n), "v");
  twin.publish();
  ASSERT_TRUE(twin.index.reserve(3));
  test::fail_once = false;
  test::allocations_left = 0;
  const bool refused = !twin.index.reserve(100);
  test::allocations_left = -1;
  EXPECT_TRUE(refused);
  Record* records[] = {new_record(numbered(7), "w", 2), new_record(numbered(2'001), "w", 2)};
  test::allocations_left = 0;
  for (Record* record : records) twin.index.upsert(record);
  twin.index.erase(numbered(4'000));
  twin.index.publish(++twin.revision);
  test::allocations_left = -1;
  EXPECT_EQ(twin.index.stats().keys, 3'001U);
  expect_sound(twin.index);
}

TEST(OrderAllocation, NothingIsAllocatedAfterReserve) {
  Twin twin;
  for (unsigned batch = 0; batch < 40; ++batch) {
    std::vector<Record*> records;
    for (unsigned n = 0; n < 200; ++n)
      records.push_back(new_record(numbered((batch * 200 + n) * 7'919 % 5'003), "v", twin.revision + 1));
    const Pin* pin = twin.index.pin();
    ASSERT_NE(pin, nullptr);
    ASSERT_TRUE(twin.index.reserve(400));
    std::vector<std::string> erased;
    for (unsigned n = 0; n < 200; ++n) erased.push_back(numbered(n * (batch + 3) % 5'003));
    test::allocations_left = 0;
    for (Record* record : records) twin.index.upsert(record);
    for (const std::string& key : erased) twin.index.erase(key);
    twin.index.publish(++twin.revision);
    twin.index.unpin(pin);
    while (twin.index.collect(100)) {
    }
    test::allocations_left = -1;
  }
  expect_sound(twin.index);
  EXPECT_EQ(twin.index.stats().retired_bytes, 0U);
}

TEST(OrderAllocation, APinThatCannotBeMadeIsNone) {
  Twin twin;
  twin.put("k", "v");
  twin.publish();
  test::allocations_left = 0;
  const Pin* none = twin.index.pin();
  test::allocations_left = -1;
  EXPECT_EQ(none, nullptr);
  EXPECT_EQ(twin.index.stats().pins, 0U);
  const Pin* first = twin.index.pin();
  ASSERT_NE(first, nullptr);
  test::allocations_left = 0;
  const Pin* second = twin.index.pin();
  test::allocations_left = -1;
  EXPECT_EQ(second, first) << "one state for both";
  twin.index.unpin(first);
  twin.index.unpin(second);
}

}  // namespace
}  // namespace flashkv::order
