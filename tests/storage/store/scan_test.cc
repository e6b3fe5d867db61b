// Scans and counts of a pin, in pages.
#include "storage/scan.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/support/store_fixture.h"

namespace flashkv::test {
namespace {

using Keys = std::vector<std::string>;
constexpr std::uint64_t kAll = OrderedScan::kUnlimited;

class ScanTest : public StoreTest {
 protected:
  PinnedState& pin() {
    if (pin_ == nullptr) {
      Call call(RequestKind::kTakePin);
      run(call);
      EXPECT_TRUE(call.status.ok()) << call.status.message;
      pin_ = std::move(call.pin);
    }
    return *pin_;
  }
  static Keys page_of(OrderedScan& scan, OrderedScan::PageLimits limits) {
    Keys keys;
    OrderedScan::Page page(scan, limits);
    while (const Record* record = page.next()) keys.emplace_back(record->key());
    EXPECT_EQ(page.next(), nullptr) << "a page that is over goes on";
    return keys;
  }
  std::uint64_t count(ScanRange range) {
    OrderedScan scan(pin(), std::move(range));
    while (scan.count_on() == OrderedScan::Counted::kPartly) {
    }
    return scan.counted();
  }

 private:
  PinPtr pin_;
};
// The index is the same whatever the engine.
std::vector<EngineCase> one_case() {
  std::vector<EngineCase> cases = engine_cases();
  std::erase_if(cases, [](const EngineCase& c) { return c.name != "flashmap_asymmetric"; });
  return cases;
}
INSTANTIATE_TEST_SUITE_P(Engines, ScanTest, ::testing::ValuesIn(one_case()), EngineName{});

TEST_P(ScanTest, PagesHoldAsManyKeysAsTheyMay) {
  for (const char* key : {"b", "d", "a", "e", "c"}) put(key, "1");
  OrderedScan up(pin(), {});
  EXPECT_EQ(page_of(up, {.keys = 2}), (Keys{"a", "b"}));
  EXPECT_FALSE(up.done());
  EXPECT_EQ(page_of(up, {.keys = 2}), (Keys{"c", "d"}));
  EXPECT_EQ(page_of(up, {.keys = 1}), (Keys{"e"}));
  EXPECT_TRUE(up.done()) << "known with the last page";
  EXPECT_FALSE(up.more());
  EXPECT_EQ(up.returned(), 5U);
  OrderedScan down(pin(), {}, {.direction = OrderedScan::kReverse});
  EXPECT_EQ(page_of(down, {.keys = 3}), (Keys{"e", "d", "c"}));
  EXPECT_EQ(page_of(down, {}), (Keys{"b", "a"}));
  EXPECT_TRUE(down.done());
}

TEST_P(ScanTest, ARangeIsHalfOpenAndAPrefixHasAllItsKeys) {
  for (const char* key : {"a", "user", "user:1", "user:2", "user;", "z"}) put(key, "1");
  put("\xff\xff", "1");
  OrderedScan range(pin(), {"user", "user:2"});
  EXPECT_EQ(page_of(range, {}), (Keys{"user", "user:1"}));
  OrderedScan prefix(pin(), prefix_range("user:"));
  EXPECT_EQ(page_of(prefix, {}), (Keys{"user:1", "user:2"}));
  OrderedScan last(pin(), prefix_range("\xff"), {.direction = OrderedScan::kReverse});
  EXPECT_EQ(page_of(last, {}), (Keys{"\xff\xff"}));
  OrderedScan inverted(pin(), {"z", "a"});
  EXPECT_EQ(page_of(inverted, {}), Keys{});
  EXPECT_TRUE(inverted.done());
}

TEST_P(ScanTest, PagesHoldAsManyBytesAsTheyMayAndAtLeastOneItem) {
  const std::string value(1'000 - OrderedScan::kItemBytes - 1, 'v');
  put("a", value);
  put("b", value);
  put("c", value + value + value);
  put("d", value);
  OrderedScan scan(pin(), {});
  EXPECT_EQ(page_of(scan, {.bytes = 2'000}), (Keys{"a", "b"}));
  EXPECT_EQ(page_of(scan, {.bytes = 2'000}), (Keys{"c"})) << "alone in a page that is too small for it";
  EXPECT_EQ(page_of(scan, {.bytes = 999}), (Keys{"d"}));
  EXPECT_TRUE(scan.done());
  OrderedScan keys(pin(), {}, {.keys_only = true});
  EXPECT_EQ(page_of(keys, {.bytes = 4 * (OrderedScan::kItemBytes + 1)}), (Keys{"a", "b", "c", "d"}));
}

TEST_P(ScanTest, ALimitEndsTheScanAndTellsWhetherThereIsMore) {
  Call c;
  run(c.put("a", "1").put("b", "1").put("c", "1").put_ttl("d", "1", 10));
  clock.advance(9 * kMs);
  OrderedScan two(pin(), {}, {.limit = 2});
  EXPECT_EQ(page_of(two, {.keys = 1}), (Keys{"a"}));
  EXPECT_EQ(page_of(two, {.keys = 1}), (Keys{"b"}));
  EXPECT_TRUE(two.done());
  EXPECT_TRUE(two.more());
  OrderedScan four(pin(), {}, {.limit = 4});
  EXPECT_EQ(page_of(four, {}).size(), 4U);
  EXPECT_TRUE(four.done());
  EXPECT_FALSE(four.more());
  OrderedScan none(pin(), {}, {.limit = 0});
  EXPECT_TRUE(none.done());
}

// An expired key beyond the limit is not more.
TEST_P(ScanTest, ExpiredKeysAreAbsent) {
  Call c;
  run(c.put("a", "1").put("b", "1").put_ttl("c", "1", 10));
  Call policy(RequestKind::kSetPolicy);
  policy.policy = {.interval = 3'600'000 * kMs, .max_batch = 1'024, .adaptive = false};
  run(policy);
  clock.advance(10 * kMs);
  EXPECT_EQ(pin().numbers().keys, 3U) << "its removal is not published yet";
  OrderedScan scan(pin(), {}, {.limit = 2});
  EXPECT_EQ(page_of(scan, {}), (Keys{"a", "b"}));
  EXPECT_FALSE(scan.more());
  EXPECT_EQ(count({}), 2U);
  EXPECT_EQ(count({"b", ""}), 1U);
}

// More expired keys in a row than a section looks at.
TEST_P(ScanTest, ASectionLooksAtSoManyKeys) {
  constexpr std::size_t kExpired = OrderedScan::kLooks + 10;
  for (std::size_t n = 0; n < kExpired;) {
    Call c;
    for (std::size_t i = 0; i < 5'000 && n < kExpired; ++i, ++n) c.put_ttl(numbered("k", n), "1", 10);
    run(c);
    ASSERT_TRUE(c.status.ok()) << c.status.message;
  }
  put("z", "1");
  Call policy(RequestKind::kSetPolicy);
  policy.policy = {.interval = 3'600'000 * kMs, .max_batch = 1'024, .adaptive = false};
  run(policy);
  clock.advance(10 * kMs);
  OrderedScan scan(pin(), {});
  EXPECT_EQ(page_of(scan, {}), Keys{});
  EXPECT_FALSE(scan.done());
  EXPECT_EQ(page_of(scan, {}), Keys{"z"});
  EXPECT_TRUE(scan.done());
  OrderedScan counts(pin(), {});
  EXPECT_EQ(counts.count_on(), OrderedScan::Counted::kPartly);
  EXPECT_EQ(counts.count_on(), OrderedScan::Counted::kAll);
  EXPECT_EQ(counts.counted(), 1U);
}

// Without expiries a count passes whole leaves.
TEST_P(ScanTest, CountsAgreeWithScans) {
  Call c;
  for (std::size_t i = 0; i < 3'000; ++i) c.put(numbered("k", i), "1");
  run(c);
  ASSERT_TRUE(c.status.ok()) << c.status.message;
  for (const ScanRange& range : {ScanRange{}, prefix_range("k1"), ScanRange{"k2", "k2"}, ScanRange{"k77", ""},
                                 ScanRange{"", "k5"}, ScanRange{"k299", "k2991"}, ScanRange{"x", ""}}) {
    OrderedScan scan(pin(), range);
    const std::uint64_t scanned = page_of(scan, {}).size();
    EXPECT_TRUE(scan.done());
    EXPECT_EQ(count(range), scanned) << range.start << " to " << range.end;
    for (const auto direction : {OrderedScan::kForward, OrderedScan::kReverse}) {
      OrderedScan counts(pin(), range, {.direction = direction, .limit = 1});
      EXPECT_EQ(counts.count_on(), OrderedScan::Counted::kAll);
      EXPECT_EQ(counts.counted(), scanned) << range.start << " to " << range.end;
    }
  }
  EXPECT_EQ(count({}), 3'000U);
  EXPECT_EQ(kAll, OrderedScan::Options{}.limit);
}

}  // namespace
}  // namespace flashkv::test
