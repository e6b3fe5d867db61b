// The table against two ordinary maps, over seeded random batches.
#include <gtest/gtest.h>

#include <random>

#include "tests/storage/engine/flashmap/table_view.h"

namespace flashkv::flashmap {
namespace {

struct Shape {
  std::uint64_t mask;
  unsigned keys;
  int batches;
  unsigned largest_batch;
};

class Oracle : public ::testing::TestWithParam<Shape> {
 protected:
  // Half of the writes prepare alone, half in groups whose order is not that of the writes.
  void random_batch(TwinTable& table) {
    const unsigned size = static_cast<unsigned>(random_() % GetParam().largest_batch);
    for (unsigned i = 0; i < size; ++i) {
      std::vector<std::string> keys(random_() % 2 == 0 ? 1 : random_() % 8);
      std::vector<Probe> probes;
      for (std::string& key : keys) {
        key = "key" + std::to_string(random_() % GetParam().keys);
        probes.push_back({key, hash_(key)});
      }
      ASSERT_TRUE(table.reserve(probes));
      while (!probes.empty()) {
        if (random_() % 16 == 0) break;  // some are never used
        const std::size_t at = random_() % probes.size();
        write(table, probes[at]);
        probes.erase(probes.begin() + static_cast<std::ptrdiff_t>(at));
      }
    }
  }

  void write(TwinTable& table, const Probe& probe) {
    const std::string key(probe.key);
    if (random_() % 10 < erases_in_ten_) {
      table.erase(probe);
      staged_.erase(key);
    } else {
      staged_[key] = std::to_string(random_());
      table.upsert(new_record(key, staged_[key]), probe.hash);
    }
    const Record* found = table.find(probe);
    ASSERT_EQ(found != nullptr, staged_.count(key) == 1);
    if (found != nullptr) {
      ASSERT_EQ(found->value(), staged_[key]);
    }
  }

  std::mt19937_64 random_{GetParam().mask ^ GetParam().keys};
  KeyHash hash_{99, GetParam().mask};
  Content staged_;
  unsigned erases_in_ten_ = 3;
};

TEST_P(Oracle, BothHalvesAgreeWithTheirMapAfterEveryStep) {
  const std::int64_t live_before = Record::live();
  {
    TwinTable table{hash_};
    Content published;
    for (int batch = 1; batch <= GetParam().batches; ++batch) {
      erases_in_ten_ = batch / 10 % 3 != 2 ? 2 : 8;  // grow, shrink, grow
      random_batch(table);
      const unsigned reading = 1 - table.staged();
      ASSERT_EQ(content_of(table, reading, hash_), published) << "readers saw batch " << batch << " early";
      publish(table, static_cast<std::uint64_t>(batch));
      published = staged_;
      ASSERT_EQ(content_of(table, 1 - table.staged(), hash_), published);
      ASSERT_EQ(table.half(1 - table.staged()).revision, static_cast<std::uint64_t>(batch));
      table.replay();
      expect_level(table);
      ASSERT_EQ(content_of(table, table.staged(), hash_), published);
      ASSERT_EQ(records_counted(table), published.size());
      ASSERT_EQ(table.stats().keys, published.size());
      ASSERT_EQ(table.stats().retired_bytes, 0U);
      if (live_before != 0 || Record::live() != 0) {
        ASSERT_EQ(Record::live() - live_before, static_cast<std::int64_t>(published.size()));
      }
    }
    random_batch(table);  // and goes down with a batch half made
  }
  EXPECT_EQ(Record::live(), live_before);
}

INSTANTIATE_TEST_SUITE_P(Shapes, Oracle,
                         ::testing::Values(Shape{~std::uint64_t{0}, 50, 200, 40},
                                           Shape{~std::uint64_t{0}, 20'000, 40, 1'500}, Shape{0, 60, 60, 40},
                                           Shape{0x3, 300, 60, 60}, Shape{0xff, 2'000, 60, 300},
                                           Shape{0x00ff'0000'0000'00ff, 6'000, 40, 800},
                                           Shape{0xf000'0000'ff00'00ff, 6'000, 40, 800}));

}  // namespace
}  // namespace flashkv::flashmap
