// Pins: taken through the queue, kept while the writer goes on, returned, revoked.
#include <gtest/gtest.h>

#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "storage/order/ordered_index.h"
#include "storage/writer/writer.h"
#include "tests/support/store_fixture.h"

namespace flashkv::test {
namespace {

class PinsTest : public StoreTest {
 protected:
  PinPtr take(std::uint64_t at_least = 0) {
    Call call(RequestKind::kTakePin);
    call.revision = at_least;
    run(call);
    EXPECT_TRUE(call.status.ok()) << call.status.message;
    EXPECT_EQ(call.pin == nullptr ? 0 : call.pin->numbers().revision, call.revision);
    return std::move(call.pin);
  }
  Status refused() {
    Call call(RequestKind::kTakePin);
    run(call);
    EXPECT_EQ(call.pin, nullptr);
    return call.status;
  }
  static std::vector<std::string> keys_of(PinnedState& pin) {
    std::vector<std::string> keys;
    OrderedScan scan(pin, {});
    while (!scan.done()) {
      OrderedScan::Page page(scan, {});
      while (const Record* record = page.next()) keys.emplace_back(record->key());
      if (page.revoked()) return {"(revoked)"};
    }
    return keys;
  }
  static std::string value_in(PinnedState& pin, std::string_view key) {
    const PinSection section(pin);
    if (!section) return "(revoked)";
    const Record* record = section.find(key);
    return record == nullptr ? "(absent)" : std::string(record->value());
  }
  WriterStatsView writer() { return store().stats().writer; }
};
INSTANTIATE_TEST_SUITE_P(Engines, PinsTest, ::testing::ValuesIn(served_cases()), EngineName{});

TEST_P(PinsTest, APinKeepsItsStateWhileTheWriterGoesOn) {
  put("a", "1");
  put("b", "1");
  PinPtr pin = take();
  EXPECT_EQ(pin->numbers().revision, 2U);
  EXPECT_EQ(pin->numbers().keys, 2U);
  Call c;
  run(c.put("a", "2").erase("b").put("c", "2"));
  PinPtr later = take();
  EXPECT_EQ(keys_of(*pin), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(value_in(*pin, "a"), "1");
  EXPECT_EQ(value_in(*pin, "c"), "(absent)");
  EXPECT_EQ(keys_of(*later), (std::vector<std::string>{"a", "c"}));
  EXPECT_EQ(value_in(*later, "a"), "2");
}

TEST_P(PinsTest, AnEmptyStoreHasAPinOfNothing) {
  PinPtr pin = take();
  EXPECT_EQ(pin->numbers().revision, 0U);
  EXPECT_EQ(keys_of(*pin), std::vector<std::string>{});
  EXPECT_EQ(value_in(*pin, "a"), "(absent)");
}

// What is staged is not pinned; a pin waits for a revision as any other read does.
TEST_P(PinsTest, APinIsOfWhatIsPublished) {
  put("a", "1");
  options.policy = {};
  Call policy(RequestKind::kSetPolicy);
  policy.policy = {.interval = 3'600'000 * kMs, .max_batch = 1'024, .adaptive = false};
  run(policy);
  Call staged;
  staged.ack = Ack::kApplied;
  run(staged.put("b", "1"));
  EXPECT_EQ(keys_of(*take()), std::vector<std::string>{"a"});
  Call waits(RequestKind::kTakePin);
  waits.revision = 2;
  ASSERT_TRUE(submit(waits).ok());
  settle();
  EXPECT_EQ(waits.completions, 0);
  Call publish(RequestKind::kPublish);
  run(publish);
  settle();
  ASSERT_EQ(waits.completions, 1);
  ASSERT_TRUE(waits.status.ok()) << waits.status.message;
  EXPECT_EQ(keys_of(*waits.pin), (std::vector<std::string>{"a", "b"}));
  Call ahead(RequestKind::kTakePin);
  ahead.revision = 3;
  run(ahead);
  EXPECT_EQ(ahead.status.code, Code::kOutOfRange);
}

TEST_P(PinsTest, APinThatWaitsGivesUpAtItsDeadline) {
  options.policy = {.interval = 3'600'000 * kMs, .max_batch = 1'024, .adaptive = false};
  Call staged;
  staged.ack = Ack::kApplied;
  run(staged.put("a", "1"));
  Call waits(RequestKind::kTakePin);
  waits.revision = 1;
  waits.deadline = clock.now() + 5 * kMs;
  ASSERT_TRUE(submit(waits).ok());
  settle();
  clock.advance(5 * kMs);
  settle();
  ASSERT_EQ(waits.completions, 1);
  EXPECT_EQ(waits.status.code, Code::kDeadlineExceeded);
  EXPECT_EQ(waits.pin, nullptr);
}

TEST_P(PinsTest, TheInstantOfThePinDecidesWhatHasExpired) {
  Call c;
  run(c.put_ttl("a", "1", 10).put_ttl("b", "1", 30).put("c", "1"));
  clock.advance(5 * kMs);
  PinPtr early = take();
  clock.advance(5 * kMs);
  EXPECT_EQ(keys_of(*early), (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(early->numbers().expiring, 2U);
  // The store removes it in the same turn, but not before that is published.
  PinPtr late = take();
  EXPECT_EQ(keys_of(*late), (std::vector<std::string>{"b", "c"}));
  EXPECT_EQ(value_in(*late, "a"), "(absent)");
  EXPECT_EQ(keys_of(*early), (std::vector<std::string>{"a", "b", "c"}));
}

TEST_P(PinsTest, AFullQueueRefusesNoPin) {
  options.limits.max_queue_requests = 1;
  Call first;
  first.put("a", "1");
  ASSERT_TRUE(submit(first).ok());
  Call second;
  ASSERT_EQ(submit(second.put("b", "1")).code, Code::kResourceExhausted);
  Call pin(RequestKind::kTakePin);
  ASSERT_TRUE(submit(pin).ok());
  settle();
  ASSERT_EQ(pin.completions, 1);
  EXPECT_EQ(keys_of(*pin.pin), std::vector<std::string>{"a"}) << "taken after the step's publish";
}

TEST_P(PinsTest, ThereAreOnlySoManyPinsUntilOneIsReturned) {
  options.limits.max_pins = 2;
  put("a", "1");
  PinPtr first = take();
  PinPtr second = take();
  EXPECT_EQ(refused().code, Code::kResourceExhausted);
  EXPECT_EQ(refused().message, "too many pins: max-pins 2");
  EXPECT_EQ(writer().pins, 2U);
  first.reset();
  PinPtr third = take();
  EXPECT_EQ(writer().pins, 2U);
  EXPECT_EQ(writer().pins_taken, 3U);
}

TEST_P(PinsTest, WithoutTheIndexThereIsNone) {
  options.ordered_index = false;
  put("a", "1");
  EXPECT_FALSE(store().has_ordered_index());
  EXPECT_EQ(refused().code, Code::kFailedPrecondition);
  EXPECT_EQ(refused().message, "Scan needs --ordered-index=on");
  EXPECT_EQ(writer().ordered_bytes, 0U);
}

// Thousands of keys, one batch, none of them staged any more: what the pin holds is freed in slices.
TEST_P(PinsTest, WhatAReturnedPinHeldIsFreedInSlices) {
  constexpr std::size_t kKeys = 4 * Writer::kFreedPerStep;
  const std::string value(100, 'v');
  Call fill;
  for (std::size_t i = 0; i < kKeys; ++i) fill.put(numbered("k", i), value);
  run(fill);
  ASSERT_TRUE(fill.status.ok()) << fill.status.message;
  PinPtr pin = take();
  Call erase;
  run(erase.erase_range("", ""));
  ASSERT_TRUE(erase.status.ok()) << erase.status.message;
  settle();
  const std::uint64_t held = writer().pinned_bytes;
  EXPECT_GE(held, kKeys * Record::bytes_for(2, 100, Record::Expiry::kNone));
  EXPECT_EQ(writer().oldest_pin, 1U);
  clock.advance(7 * kMs);
  EXPECT_EQ(writer().oldest_pin_ns, static_cast<std::uint64_t>(7 * kMs));
  pin.reset();
  int steps = 0;
  for (std::uint64_t left = held; left > 0; ++steps) {
    const Nanos next = store().step();
    const std::uint64_t now = writer().pinned_bytes;
    ASSERT_LT(now, left) << "a step freed nothing";
    EXPECT_LE(left - now, held / 2) << "a step freed too much";
    ASSERT_TRUE(now == 0 || next <= clock.now()) << "the writer rests with more to free";
    left = now;
  }
  EXPECT_GE(steps, 4);
  EXPECT_EQ(writer().pins, 0U);
  EXPECT_EQ(writer().oldest_pin, 0U);
  EXPECT_LE(writer().ordered_bytes, order::OrderedIndex::kKeptBytes) << "and no publish is needed for that";
}

TEST_P(PinsTest, TheOldestPinIsRevokedWhenPinsHoldTooMuch) {
  options.limits.max_pinned_bytes = 20'000;
  const std::string value(12'000, 'v');
  put("a", value);
  put("b", value);
  PinPtr old = take();
  put("a", "1");
  PinPtr newer = take();
  EXPECT_EQ(value_in(*old, "a"), value);
  put("b", "1");
  settle();
  EXPECT_TRUE(old->revoked());
  EXPECT_EQ(value_in(*old, "a"), "(revoked)");
  EXPECT_EQ(value_in(*newer, "a"), "1");
  EXPECT_EQ(value_in(*newer, "b"), value);
  EXPECT_EQ(writer().pins_revoked, 1U);
  EXPECT_EQ(writer().oldest_pin, newer->numbers().revision);
  EXPECT_LE(writer().pinned_bytes, 20'000U);
}

// Everything that the only pin sees is replaced.
TEST_P(PinsTest, APinIsRevokedAtTheEndOfTheSectionInProgress) {
  options.limits.max_pinned_bytes = 10'000;
  const std::string value(6'000, 'v');
  Call c;
  run(c.put("a", value).put("b", value));
  PinPtr pin = take();
  {
    const PinSection section(*pin);
    ASSERT_TRUE(section);
    const Record* record = section.find("a");
    Call replaced;
    run(replaced.put("a", "1").put("b", "1"));
    for (int i = 0; i < 3; ++i) {
      clock.advance(kMs);
      settle();
    }
    EXPECT_TRUE(pin->revoked());
    EXPECT_EQ(record->value(), value) << "freed under a section";
    EXPECT_GE(writer().pinned_bytes, 12'000U);
    EXPECT_EQ(writer().pins_revoked, 0U);
  }
  EXPECT_FALSE(PinSection(*pin)) << "a section of a pin that is to be revoked";
  clock.advance(kMs);
  settle();
  EXPECT_EQ(writer().pins_revoked, 1U);
  EXPECT_EQ(writer().pinned_bytes, 0U);
  EXPECT_EQ(writer().pins, 1U) << "it still has to be returned";
  EXPECT_EQ(writer().oldest_pin, 0U);
  EXPECT_EQ(keys_of(*pin), std::vector<std::string>{"(revoked)"});
  const Status status = revoked_status(store().limits());
  EXPECT_EQ(status.code, Code::kResourceExhausted);
  EXPECT_NE(status.message.find("10000"), std::string::npos) << status.message;
  pin.reset();
  settle();
  EXPECT_EQ(writer().pins, 0U);
}

TEST_P(PinsTest, APinThatNobodyReadsIsRevokedAtOnce) {
  options.limits.max_pinned_bytes = 10'000;
  put("a", std::string(12'000, 'v'));
  PinPtr pin = take();
  put("b", "1");
  EXPECT_FALSE(pin->revoked());
  put("a", "1");
  EXPECT_TRUE(pin->revoked());
  EXPECT_EQ(writer().pins_revoked, 1U);
  EXPECT_EQ(writer().pinned_bytes, 0U);
  PinPtr next = take();
  EXPECT_EQ(value_in(*next, "a"), "1");
}

TEST_P(PinsTest, PinsOutliveTheStop) {
  put("a", "1");
  PinPtr read = take();
  PinPtr unread = take();
  EXPECT_TRUE(store().stop(kMs));
  EXPECT_EQ(value_in(*read, "a"), "1");
  read.reset();
  Call late(RequestKind::kTakePin);
  EXPECT_EQ(submit(late).code, Code::kUnavailable);
  unread.reset();
  close();
}

// A request that nobody looks at again returns its pin.
TEST_P(PinsTest, ARequestThatGoesReturnsItsPin) {
  {
    Call call(RequestKind::kTakePin);
    run(call);
    EXPECT_EQ(writer().pins, 1U);
  }
  settle();
  EXPECT_EQ(writer().pins, 0U);
}

// As many controls as the queue takes, and then the return of a pin.
TEST(PinReturn, IsNeverRefused) {
  Status why;
  auto store = Store::open({}, why);
  ASSERT_NE(store, nullptr) << why.message;
  CountingSink sink;
  Call pin(RequestKind::kTakePin);
  pin.sink = &sink;
  ASSERT_TRUE(store->submit(pin).ok());
  store->step();
  ASSERT_EQ(pin.completions, 1);
  std::deque<Call> waits;
  for (Status s; s.ok();) {
    Call& call = waits.emplace_back(RequestKind::kPublish);
    call.sink = &sink;
    s = store->submit(call);
  }
  EXPECT_EQ(waits.size() - 1, RequestQueue::kControlLimit);
  pin.pin.reset();
  store->step();
  EXPECT_EQ(store->stats().writer.pins, 0U);
}

}  // namespace
}  // namespace flashkv::test
