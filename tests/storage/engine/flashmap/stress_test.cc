// Readers on several threads against a writer, with values that prove themselves.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <charconv>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "storage/engine/flashmap/flashmap.h"
#include "tests/support/engine_batch.h"

namespace flashkv {
namespace {

constexpr unsigned kKeys = 3'000;
constexpr unsigned kPaired = 64;  // keys 0 .. 63 are all written by every batch
constexpr unsigned kReaders = 3;
constexpr std::uint64_t kBatches = 200;

std::string key_of(unsigned n) { return "stress-key-" + std::to_string(n); }

// "key|revision|checksum", padded to a length that depends on the revision.
std::string value_of(std::string_view key, std::uint64_t revision) {
  std::string value = std::string(key) + '|' + std::to_string(revision) + '|';
  value += std::to_string(KeyHash{77}(value));
  value.resize(value.size() + revision % 50, '.');
  return value;
}

// The revision a record claims, after checking that it is whole.
std::uint64_t checked_revision(const Record& record, std::string_view key) {
  const std::string value(record.value());
  EXPECT_EQ(record.key(), key);
  EXPECT_EQ(value, value_of(key, record.mod_revision()));
  return record.mod_revision();
}

template <typename Map>
class Stress : public ::testing::Test {
 protected:
  void SetUp() override {
    for (unsigned n = 0; n < kKeys; ++n) keys_.push_back(key_of(n));
    for (const std::string& key : keys_) probes_.push_back({key, hash_(key)});
  }

  void write(std::uint64_t batches) {
    std::mt19937_64 random(batches);
    for (std::uint64_t revision = 1; revision <= batches; ++revision) {
      while (!map_.try_begin_batch(kNanosPerMilli)) {
      }
      for (unsigned n = 0; n < kPaired; ++n)
        stage_put(map_, hash_, keys_[n], value_of(keys_[n], revision), revision);
      for (unsigned i = 0; i < 200; ++i) {
        const auto n = static_cast<unsigned>(kPaired + random() % (kKeys - kPaired));
        if (random() % 4 == 0) {
          stage_erase(map_, hash_, keys_[n]);
        } else {
          stage_put(map_, hash_, keys_[n], value_of(keys_[n], revision), revision);
        }
      }
      map_.publish(revision);
      written_.store(revision, std::memory_order_release);
    }
    done_.store(true);
  }

  void read(unsigned seed) {
    std::mt19937_64 random(seed);
    auto reader = map_.make_reader();
    std::uint64_t last = 0;
    std::array<const Record*, kPaired> found;
    while (!done_.load(std::memory_order_relaxed)) {
      const std::uint64_t at_least = written_.load(std::memory_order_acquire);
      auto guard = reader.enter();
      const std::uint64_t revision = guard.revision();
      ASSERT_GE(revision, at_least) << "a read that starts after publish() returned sees the batch";
      ASSERT_GE(revision, last) << "revisions went backwards";
      last = revision;
      guard.find_batch(std::span(probes_).first(kPaired), found);
      for (unsigned n = 0; n < kPaired; ++n) {
        ASSERT_EQ(found[n] == nullptr, revision == 0);
        if (found[n] != nullptr) {
          ASSERT_EQ(checked_revision(*found[n], keys_[n]), revision);
        }
      }
      for (unsigned i = 0; i < 30; ++i) {
        const auto n = static_cast<unsigned>(random() % kKeys);
        const Record* record = guard.find(probes_[n]);
        if (record != nullptr) {
          ASSERT_LE(checked_revision(*record, keys_[n]), revision);
        }
      }
      if (random() % 64 == 0) std::this_thread::yield();  // with the guard held
      ASSERT_EQ(guard.revision(), revision);
    }
  }

  const KeyHash hash_{3};
  Map map_{hash_};
  std::vector<std::string> keys_;
  std::vector<Probe> probes_;
  std::atomic<std::uint64_t> written_{0};
  std::atomic<bool> done_{false};
};

using Maps = ::testing::Types<AsymmetricFlashmap, RefcountFlashmap>;
TYPED_TEST_SUITE(Stress, Maps);

TYPED_TEST(Stress, ReadersSeeWholeBatchesAndWholeRecords) {
  const std::int64_t live_before = Record::live();
  std::vector<std::thread> readers;
  for (unsigned i = 0; i < kReaders; ++i) readers.emplace_back([this, i] { this->read(i); });
  this->write(kBatches);
  for (std::thread& reader : readers) reader.join();
  ASSERT_TRUE(this->map_.try_begin_batch(kNever));
  const std::int64_t live = Record::live() - live_before;
  if (live != 0) {
    EXPECT_EQ(static_cast<std::uint64_t>(live), this->map_.stats().keys);
  }
}

// Handles come and go while publishes walk over them.
TYPED_TEST(Stress, HandlesMayChurn) {
  std::vector<std::thread> readers;
  for (unsigned i = 0; i < kReaders; ++i) {
    readers.emplace_back([this] {
      while (!this->done_.load(std::memory_order_relaxed)) {
        const std::uint64_t at_least = this->written_.load(std::memory_order_acquire);
        auto reader = this->map_.make_reader();
        auto guard = reader.enter();
        ASSERT_GE(guard.revision(), at_least);
        const Record* record = guard.find(this->probes_[0]);
        if (record != nullptr) {
          ASSERT_EQ(checked_revision(*record, this->keys_[0]), guard.revision());
        }
      }
    });
  }
  this->write(kBatches / 2);
  for (std::thread& reader : readers) reader.join();
}

}  // namespace
}  // namespace flashkv
