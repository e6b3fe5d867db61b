// Random batches against a map, with pins that are held over many of them.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "tests/storage/order/index_view.h"

namespace flashkv::order {
namespace {

using Random = std::mt19937_64;

std::uint64_t below(Random& random, std::uint64_t end) { return random() % end; }

// Short keys of few different bytes: many are prefixes of others, or differ only where a head is filled up
// with zeros.
std::string few_bytes(Random& random) {
  static constexpr char kBytes[] = {'\0', 'a', '\x7f', '\xff'};
  std::string key;
  for (std::uint64_t size = 1 + below(random, 7); size > 0; --size) key += kBytes[below(random, 4)];
  return key;
}
std::string in_groups(Random& random) {
  static const char* const kGroups[] = {"user:", "user:eu:", "session/2024/", "s", ""};
  std::string key = kGroups[below(random, 5)];
  return key.append(numbered(below(random, 1'500)));
}
std::string random_words(Random& random) {
  const std::uint64_t word = random() & 0xfff0'0000'0000'00ff;
  return std::string(reinterpret_cast<const char*>(&word), sizeof word);
}
std::string shared_beginnings(Random& random) {
  std::string key(100 * below(random, 3), 'p');
  return key.append(few_bytes(random));
}

struct Shape {
  const char* name;
  std::string (*draw)(Random&);
};

struct Held {
  const Pin* pin;
  Map map;
};

class OrderModel : public ::testing::TestWithParam<Shape> {
 protected:
  void change(Random& random, unsigned erases) {
    std::string key = GetParam().draw(random);
    if (below(random, 8) < erases) {
      // Every other one is there.
      const auto at = twin.map.lower_bound(key);
      if (below(random, 2) == 0 && at != twin.map.end()) key = at->first;
      twin.erase(key);
    } else {
      twin.put(key, std::to_string(++value_));
    }
  }
  // All of the state, and some ranges of it.
  void expect_equal(Random& random, Root root, const Map& map) {
    for (const auto direction : {Cursor::kForward, Cursor::kReverse}) {
      ASSERT_EQ(scanned(root, {}, direction), expected(map, {}, direction));
      for (int range = 0; range < 3; ++range) {
        const std::string start = GetParam().draw(random);
        const std::string end = GetParam().draw(random);
        ASSERT_EQ(scanned(root, {start, end}, direction), expected(map, {start, end}, direction));
        ASSERT_EQ(Cursor(root, {start, end}, direction).count_left(), expected(map, {start, end}).size());
      }
    }
  }
  void pin() {
    const Pin* taken = twin.index.pin();
    ASSERT_NE(taken, nullptr);
    ASSERT_EQ(taken->keys, twin.map.size());
    held.push_back({taken, twin.map});
  }
  void return_one(Random& random) {
    const std::size_t which = below(random, held.size());
    expect_equal(random, held[which].pin->root, held[which].map);
    twin.index.unpin(held[which].pin);
    held.erase(held.begin() + static_cast<std::ptrdiff_t>(which));
  }

  Twin twin;
  std::vector<Held> held;

 private:
  std::uint64_t value_ = 0;
};
INSTANTIATE_TEST_SUITE_P(Shapes, OrderModel,
                         ::testing::Values(Shape{"few_bytes", few_bytes}, Shape{"in_groups", in_groups},
                                           Shape{"random_words", random_words},
                                           Shape{"shared_beginnings", shared_beginnings}),
                         [](const auto& param) { return param.param.name; });

TEST_P(OrderModel, EveryPinShowsTheMapOfItsTime) {
  const std::int64_t live = Record::live();
  Random random(7);
  const int batches = kSanitized ? 60 : 300;
  for (int batch = 0; batch < batches; ++batch) {
    // It grows, and shrinks again until little is left.
    const unsigned erases = batch * 4 / batches % 2 == 0 ? 1 : 6;
    for (std::uint64_t n = below(random, 200); n > 0; --n) change(random, erases);
    ASSERT_NO_FATAL_FAILURE(expect_sound(twin.index));
    twin.publish();
    twin.index.collect(50);
    if (held.size() < 6 && below(random, 3) == 0) pin();
    if (!held.empty() && below(random, 4) == 0) {
      ASSERT_NO_FATAL_FAILURE(return_one(random));
    }
  }
  ASSERT_NO_FATAL_FAILURE(expect_equal(random, twin.index.staged(), twin.map));
  while (!held.empty()) ASSERT_NO_FATAL_FAILURE(return_one(random));
  while (twin.index.collect(1'000)) {
  }
  EXPECT_EQ(twin.index.stats().retired_bytes, 0U);
  const auto keys = static_cast<std::int64_t>(twin.map.size());
  EXPECT_EQ(Record::live() - live, kRecordsAreCounted ? keys : 0);
}

// A request of several changes reserves once for all of them, and may take fewer.
TEST_P(OrderModel, OneReservationServesAWholeRequest) {
  Random random(11);
  OrderedIndex& index = twin.index;
  for (int request = 0; request < (kSanitized ? 60 : 300); ++request) {
    const std::uint64_t changes = below(random, 120);
    ASSERT_TRUE(index.reserve(changes));
    for (std::uint64_t n = below(random, changes + 1); n > 0; --n) {
      const std::string key = GetParam().draw(random);
      if (below(random, 3) == 0) {
        index.erase(key);
        twin.map.erase(key);
      } else {
        index.upsert(new_record(key, "v", twin.revision + 1));
        twin.map.insert_or_assign(key, std::string(1, 'v'));
      }
    }
    if (request % 3 == 0) twin.publish();
  }
  expect_sound(index);
  EXPECT_EQ(scanned(index.staged()), expected(twin.map));
}

// Nothing stays in the pool, so the program ends where a reservation is too small.
TEST_P(OrderModel, AReservationByKindServesAWholeRequest) {
  Random random(13);
  OrderedIndex& index = twin.index;
  for (int request = 0; request < (kSanitized ? 100 : 600); ++request) {
    // Mostly of one kind; erases in between make nodes that are full without additions.
    const std::uint64_t kind = below(random, 4);
    std::map<std::string, bool> chosen;  // whether it is put
    Changes changes;
    for (std::uint64_t n = below(random, 150); n > 0; --n) {
      std::string key = GetParam().draw(random);
      const bool there = twin.map.contains(key);
      const bool put = there ? (kind == 2 ? false : kind == 3 ? below(random, 2) == 0 : true) : true;
      if (kind == 1 && !there) continue;  // replacements alone
      if (!chosen.emplace(std::move(key), put).second) continue;
      ++(!put ? changes.erased : there ? changes.replaced : changes.inserted);
    }
    ASSERT_TRUE(index.reserve_only(changes));
    for (const auto& [key, put] : chosen) {
      if (put) {
        index.upsert(new_record(key, "v", twin.revision + 1));
        twin.map.insert_or_assign(key, std::string(1, 'v'));
      } else {
        index.erase(key);
        twin.map.erase(key);
      }
    }
    if (request % 3 != 1) twin.publish();
  }
  expect_sound(index);
  EXPECT_EQ(scanned(index.staged()), expected(twin.map));
}

}  // namespace
}  // namespace flashkv::order
