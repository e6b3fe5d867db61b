// Readers on several threads while the writer grows and shrinks the table, with self-verifying values.
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "tests/storage/engine/chain/small_engines.h"
#include "tests/support/engine_batch.h"

namespace flashkv::test {
namespace {

constexpr unsigned kPermanent = 24;
constexpr unsigned kPassing = 300;  // keys that come and go
constexpr unsigned kAbsent = 24;
constexpr unsigned kReaders = 3;
constexpr int kResizes = 150;  // in each direction
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
constexpr int kTides = 30;
#else
constexpr int kTides = 100;
#endif

std::string numbered(std::string text, std::uint64_t n) {
  text += std::to_string(n);
  return text;
}
std::string value_of(std::string_view key, std::uint64_t revision) {
  std::string value = numbered(std::string(key) + '|', revision);
  value = numbered(value + '|', KeyHash{77}(value));
  value.resize(value.size() + revision % 50, '.');
  return value;
}

template <typename E>
class ChainStress : public ::testing::Test {
 protected:
  void SetUp() override {
    for (unsigned n = 0; n < kPermanent; ++n) keys_.push_back(numbered("permanent", n));
    for (unsigned n = 0; n < kPassing; ++n) keys_.push_back(numbered("passing", n));
    for (unsigned n = 0; n < kAbsent; ++n) keys_.push_back(numbered("absent", n));
    for (const std::string& key : keys_) probes_.push_back({key, hash_(key)});
    batch([this] {
      for (unsigned n = 0; n < kPermanent; ++n) put(n);
    });
  }

  template <typename Writes>
  void batch(Writes writes) {
    while (!engine_.try_begin_batch(0)) std::this_thread::yield();
    ++revision_;
    writes();
    engine_.publish(revision_);
    written_.store(revision_, std::memory_order_release);
  }
  void put(std::size_t n) { stage_put(engine_, hash_, keys_[n], value_of(keys_[n], revision_), revision_); }

  // Up to all keys and down to the permanent ones, in small batches that also overwrite.
  void tide(std::mt19937_64& random) {
    for (const bool rising : {true, false}) {
      for (unsigned first = 0; first < kPassing; first += 10) {
        batch([&] {
          for (unsigned n = first; n < first + 10; ++n) {
            if (rising) {
              put(kPermanent + n);
            } else {
              stage_erase(engine_, hash_, keys_[kPermanent + n]);
            }
          }
          put(random() % kPermanent);
        });
        // With few processors the readers must get time to run, or no grace period ends.
        std::this_thread::yield();
      }
    }
  }

  void check(const Record* record, std::size_t n) const {
    ASSERT_EQ(record->key(), keys_[n]);
    ASSERT_EQ(record->value(), value_of(keys_[n], record->mod_revision()));
  }
  void read(unsigned seed) {
    std::mt19937_64 random(seed);
    auto reader = engine_.make_reader();
    std::vector<const Record*> found(keys_.size());
    while (!done_.load(std::memory_order_relaxed) && !HasFatalFailure()) {
      // Rather here than with a guard inside, which would hold up every grace period.
      std::this_thread::yield();
      const std::uint64_t at_least = written_.load(std::memory_order_acquire);
      auto guard = reader.enter();
      ASSERT_GE(guard.revision(), at_least) << "a read that starts after publish() returned sees it";
      if (random() % 2 == 0) {
        guard.find_batch(probes_, found);
      } else {
        for (std::size_t n = 0; n < keys_.size(); ++n) found[n] = guard.find(probes_[n]);
      }
      for (std::size_t n = 0; n < keys_.size(); ++n) {
        if (n < kPermanent) {
          ASSERT_NE(found[n], nullptr) << "a permanent key was missed";
        }
        if (n >= kPermanent + kPassing) {
          ASSERT_EQ(found[n], nullptr);
        }
        if (found[n] != nullptr) check(found[n], n);
      }
    }
  }
  void run_against_readers(const std::function<void()>& writer) {
    std::vector<std::thread> readers;
    for (unsigned i = 0; i < kReaders; ++i) readers.emplace_back([this, i] { read(i); });
    writer();
    done_.store(true);
    for (std::thread& reader : readers) reader.join();
  }

  const KeyHash hash_{3};
  E engine_;
  std::vector<std::string> keys_;
  std::vector<Probe> probes_;
  std::uint64_t revision_ = 0;
  std::atomic<std::uint64_t> written_{0};
  std::atomic<bool> done_{false};
};
TYPED_TEST_SUITE(ChainStress, SmallEngines);

TYPED_TEST(ChainStress, PermanentKeysAreNeverMissedAndAbsentOnesNeverFound) {
  std::mt19937_64 random(1);
  this->run_against_readers([&] {
    for (int round = 0; round < kTides; ++round) this->tide(random);
  });
  EXPECT_EQ(this->engine_.stats().keys, kPermanent);
}

using RelativisticStress = ChainStress<SmallRelativistic<reclaim::Epoch>>;

TEST_F(RelativisticStress, OverManyResizesInBothDirections) {
  int grown = 0;
  int shrunk = 0;
  std::mt19937_64 random(2);
  run_against_readers([&] {
    unsigned log2 = engine_.buckets().current().log2();
    const auto look = [&] {
      const unsigned now = engine_.buckets().current().log2();
      grown += now > log2 ? 1 : 0;
      shrunk += now < log2 ? 1 : 0;
      log2 = now;
    };
    // 24 keys leave 128 buckets, 324 keys ask for 512; readers are in the middle of every step between.
    while (grown < kResizes || shrunk < kResizes) {
      for (unsigned first = 0; log2 < 9; first = (first + 20) % kPassing) {
        batch([&] {
          for (unsigned n = first; n < first + 20; ++n) put(kPermanent + n);
        });
        look();
        std::this_thread::yield();
      }
      for (unsigned first = 0; log2 > 7; first = (first + 20) % kPassing) {
        batch([&] {
          for (unsigned n = first; n < first + 20; ++n) {
            stage_erase(engine_, hash_, keys_[kPermanent + n]);
          }
          put(random() % kPermanent);
        });
        look();
        std::this_thread::yield();
      }
    }
  });
  EXPECT_GE(grown, kResizes);
  EXPECT_GE(shrunk, kResizes);
}

}  // namespace
}  // namespace flashkv::test
