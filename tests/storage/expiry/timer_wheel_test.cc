// The timing wheel against a sorted list that does the same in an evident way.
#include "storage/expiry/timer_wheel.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <random>
#include <string>
#include <vector>

namespace flashkv {
namespace {

constexpr std::size_t kAnyNumber = std::numeric_limits<std::size_t>::max();
constexpr std::int64_t kYear = std::int64_t{365} * 24 * 3'600 * 1'000;
constexpr std::int64_t kStart = 1'700'000'000'000;

RecordPtr make(std::int64_t at) {
  RecordPtr r = Record::make("key", "value", Record::Expiry::kRoom);
  r->set_expires_at_ms(at);
  return r;
}

class TimerWheelTest : public ::testing::Test {
 protected:
  Record& add(std::int64_t at) {
    records_.push_back(make(at));
    wheel.add(*records_.back());
    return *records_.back();
  }
  // What is due now, each taken out.
  std::vector<std::int64_t> take_due() {
    std::vector<std::int64_t> instants;
    std::array<Record*, 7> piece;
    while (const std::size_t n = wheel.collect_due(piece)) {
      for (Record* r : std::span(piece).first(n)) {
        instants.push_back(r->expires_at_ms());
        wheel.remove(*r);
      }
    }
    return instants;
  }
  std::vector<std::int64_t> due_at(std::int64_t now) {
    EXPECT_TRUE(wheel.advance(now, kAnyNumber));
    return take_due();
  }

  TimerWheel wheel;

 private:
  std::vector<RecordPtr> records_;
};

using Instants = std::vector<std::int64_t>;

TEST_F(TimerWheelTest, NothingIsEverDueInAnEmptyOne) {
  EXPECT_EQ(wheel.due(), TimerWheel::kNever);
  EXPECT_EQ(due_at(kStart), Instants{});
  EXPECT_EQ(wheel.due(), TimerWheel::kNever);
}

TEST_F(TimerWheelTest, AnEntryIsDueInItsMillisecondFromNearToAHundredYears) {
  wheel.advance(kStart, kAnyNumber);
  for (const std::int64_t after :
       {std::int64_t{1}, std::int64_t{63}, std::int64_t{64}, std::int64_t{65}, std::int64_t{4'095},
        std::int64_t{4'096}, std::int64_t{262'144}, std::int64_t{3'600'000}, kYear, 100 * kYear}) {
    const std::int64_t at = kStart + after;
    wheel.advance(kStart, kAnyNumber);  // back: time begins anew for each
    add(at);
    EXPECT_LE(wheel.due(), at);
    EXPECT_EQ(due_at(at - 1), Instants{}) << after << " ms: early";
    EXPECT_EQ(wheel.due(), at) << "by now it is known exactly";
    EXPECT_EQ(due_at(at), Instants{at}) << after << " ms: late";
  }
}

TEST_F(TimerWheelTest, TheEndOfTimeIsInRangeAndNeverComes) {
  add(std::numeric_limits<std::int64_t>::max());
  Record& last = add(std::numeric_limits<std::int64_t>::max() - 1);
  EXPECT_EQ(due_at(kStart + 200 * kYear), Instants{});
  EXPECT_EQ(due_at(std::numeric_limits<std::int64_t>::max() - 2), Instants{});
  EXPECT_EQ(due_at(std::numeric_limits<std::int64_t>::max() - 1), Instants{last.expires_at_ms()});
  EXPECT_EQ(wheel.due(), TimerWheel::kNever);
}

TEST_F(TimerWheelTest, ARecordWithoutAnExpiryIsNotIn) {
  add(0);
  RecordPtr bare = Record::make("key", "value", Record::Expiry::kNone);
  wheel.add(*bare);
  wheel.remove(*bare);
  RecordPtr unknown = make(kStart);
  wheel.remove(*unknown);
  EXPECT_EQ(wheel.due(), TimerWheel::kNever);
  EXPECT_EQ(due_at(kStart), Instants{});
}

TEST_F(TimerWheelTest, WhatIsRemovedIsNotDueAndWakesNobody) {
  wheel.advance(kStart, kAnyNumber);
  std::vector<Record*> in;
  for (const std::int64_t after : {5, 5, 5, 100, 100, 10'000, 10'000'000}) in.push_back(&add(kStart + after));
  for (Record* r : in) {
    wheel.remove(*r);
    wheel.remove(*r);  // once is enough, twice is harmless
  }
  EXPECT_EQ(wheel.due(), TimerWheel::kNever);
  EXPECT_EQ(due_at(kStart + kYear), Instants{});
}

TEST_F(TimerWheelTest, WhatIsAddedTooLateIsDueAtOnce) {
  wheel.advance(kStart, kAnyNumber);
  add(kStart);
  EXPECT_EQ(wheel.due(), 0);
  EXPECT_EQ(due_at(kStart), Instants{kStart});
}

TEST_F(TimerWheelTest, DueEntriesStayUntilTheyAreRemoved) {
  Record& first = add(kStart);
  add(kStart + 1);
  wheel.advance(kStart + 1, kAnyNumber);
  std::array<Record*, 1> one{};
  EXPECT_EQ(wheel.collect_due(one), 1U);
  EXPECT_EQ(one[0], &first) << "oldest first";
  EXPECT_EQ(wheel.collect_due(one), 1U);
  EXPECT_EQ(one[0], &first);
  EXPECT_EQ(wheel.due(), 0);
}

// A million keys that were given an hour: their slot of four minutes must not be moved in one step.
TEST_F(TimerWheelTest, ACoarseSlotMovesInPiecesOfAnySize) {
  wheel.advance(kStart, kAnyNumber);
  constexpr std::size_t kEntries = 1'000;
  constexpr std::int64_t kHour = 3'600'000;
  for (std::size_t i = 0; i < kEntries; ++i) add(kStart + kHour + static_cast<std::int64_t>(i));
  int calls = 1;
  while (!wheel.advance(kStart + kHour - 1, 100)) {
    EXPECT_EQ(wheel.due(), 0) << "there is more to do at once";
    ++calls;
  }
  EXPECT_GE(calls, 10);
  EXPECT_LE(calls, 50) << "each entry moves once a level";
  EXPECT_EQ(take_due(), Instants{});
  EXPECT_EQ(due_at(kStart + kHour), Instants{kStart + kHour});
  EXPECT_TRUE(wheel.advance(kStart + kHour + 2'000, 0)) << "what has passed moves without any move";
  EXPECT_EQ(take_due().size(), kEntries - 1);
}

// Against the model: random instants, removals, jumps forward and back, pieces of any size.
class RandomWheel {
 public:
  explicit RandomWheel(std::uint64_t seed) : random_(seed), piecewise_(seed % 3 == 0) {
    wheel_.advance(now_, kAnyNumber);
  }

  void run(int steps) {
    for (int i = 0; i < steps && !::testing::Test::HasFailure(); ++i) {
      const std::uint64_t d = below(100);
      if (d < 45) {
        add();
      } else if (d < 60) {
        remove();
      } else {
        go(d < 62 ? now_ - span(30) : now_ + (d < 80 ? span(4) : span(36)));
      }
    }
    while (!::testing::Test::HasFailure() && !model_.empty()) go(std::max(model_.begin()->first, now_));
    EXPECT_EQ(wheel_.due(), TimerWheel::kNever) << "with nothing in it";
  }

 private:
  std::uint64_t below(std::uint64_t n) { return random_() % n; }
  // Of any magnitude below 2^bits.
  std::int64_t span(std::uint64_t bits) {
    return static_cast<std::int64_t>(below(std::uint64_t{1} << (1 + below(bits))));
  }

  void add() {
    const std::int64_t at = now_ + span(42);
    auto in = model_.emplace(at, make(at));
    wheel_.add(*in->second);
    EXPECT_LE(wheel_.due(), at);
  }
  void remove() {
    if (model_.empty()) return;
    auto some = model_.lower_bound(now_ + span(42));
    if (some == model_.end()) some = model_.begin();
    wheel_.remove(*some->second);
    model_.erase(some);
  }
  // Moves on, and compares all that is due; nothing may be due before due() says so.
  void go(std::int64_t to) {
    const std::int64_t promised = wheel_.due();
    if (!model_.empty() && to >= now_) {
      EXPECT_LE(promised, std::max(now_, model_.begin()->first));
    }
    now_ = to;
    while (!wheel_.advance(to, piecewise_ ? 1 + below(5) : kAnyNumber)) {
      EXPECT_EQ(wheel_.due(), 0);
    }
    std::array<Record*, 3> piece;
    while (const std::size_t n = wheel_.collect_due(piece)) {
      for (Record* r : std::span(piece).first(n)) take(*r);
    }
    if (!model_.empty()) {
      EXPECT_GT(model_.begin()->first, now_) << "late, at " << now_;
    }
  }
  void take(Record& record) {
    const std::int64_t at = record.expires_at_ms();
    EXPECT_LE(at, now_) << "early by " << at - now_;
    auto [first, last] = model_.equal_range(at);
    const auto in = std::find_if(first, last, [&](const auto& e) { return e.second.get() == &record; });
    ASSERT_NE(in, last) << "due, but not in";
    wheel_.remove(record);
    model_.erase(in);
  }

  std::mt19937_64 random_;
  const bool piecewise_;
  std::int64_t now_ = kStart;
  TimerWheel wheel_;
  std::multimap<std::int64_t, RecordPtr> model_;
};

TEST(TimerWheelModel, AgreesWithASortedListForManySeeds) {
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__) || !defined(__OPTIMIZE__)
  constexpr std::uint64_t kSeeds = 20;
#else
  constexpr std::uint64_t kSeeds = 200;
#endif
  for (std::uint64_t seed = 1; seed <= kSeeds && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    RandomWheel(seed).run(2'000);
  }
}

}  // namespace
}  // namespace flashkv
