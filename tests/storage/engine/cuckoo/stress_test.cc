// Readers on several threads while the writer grows and shrinks the table: batches are seen whole, permanent
// keys always, absent ones never, and values prove themselves.
#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "tests/storage/engine/cuckoo/cuckoo_engines.h"
#include "tests/support/engine_batch.h"

namespace flashkv::test {
namespace {

constexpr unsigned kPermanent = 16;  // every batch writes all of them
constexpr unsigned kPassing = 400;   // keys that come and go
constexpr unsigned kAbsent = 16;
constexpr unsigned kReaders = 3;
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
constexpr int kTides = 8;
#else
constexpr int kTides = 60;
#endif

std::string value_of(std::string_view key, std::uint64_t revision) {
  std::string value = named(std::string(key) + '|', revision);
  value = named(value + '|', KeyHash{77}(value));
  value.resize(value.size() + revision % 50, '.');
  return value;
}

template <typename E>
class CuckooStress : public ::testing::Test {
 protected:
  // Under the narrow hash nearly all keys share their hash with others.
  void prepare_keys(KeyHash hash) {
    hash_ = hash;
    for (unsigned n = 0; n < kPermanent; ++n) keys_.push_back(named("permanent", n));
    for (unsigned n = 0; n < kPassing; ++n) keys_.push_back(named("passing", n));
    for (unsigned n = 0; n < kAbsent; ++n) keys_.push_back(named("absent", n));
    for (const std::string& key : keys_) probes_.push_back({key, hash_(key)});
    batch([] {});
    grown_ = shrunk_ = 0;
  }
  template <typename Writes>
  void batch(Writes writes) {
    while (!engine_.try_begin_batch(0)) std::this_thread::yield();
    ++revision_;
    writes();
    for (unsigned n = 0; n < kPermanent; ++n) put(n);
    engine_.publish(revision_);
    written_.store(revision_, std::memory_order_release);
    const unsigned log2 = engine_.staged().log2();
    grown_ += log2 > log2_ ? 1 : 0;
    shrunk_ += log2 < log2_ ? 1 : 0;
    log2_ = log2;
    // With few processors the readers must get time to run.
    std::this_thread::yield();
  }
  void put(std::size_t n) { stage_put(engine_, hash_, keys_[n], value_of(keys_[n], revision_), revision_); }

  void tide() {
    for (const bool rising : {true, false}) {
      for (unsigned first = 0; first < kPassing; first += 20) {
        batch([&] {
          for (unsigned n = kPermanent + first; n < kPermanent + first + 20; ++n) {
            if (rising) {
              put(n);
            } else {
              stage_erase(engine_, hash_, keys_[n]);
            }
          }
        });
      }
    }
  }

  void check(const std::vector<const Record*>& found, std::uint64_t revision) const {
    for (std::size_t n = 0; n < keys_.size(); ++n) {
      if (n < kPermanent) {
        ASSERT_NE(found[n], nullptr) << "a permanent key was missed";
        ASSERT_EQ(found[n]->mod_revision(), revision) << "a batch was seen in part";
      }
      if (n >= kPermanent + kPassing) {
        ASSERT_EQ(found[n], nullptr);
      }
      if (found[n] == nullptr) continue;
      ASSERT_EQ(found[n]->key(), keys_[n]);
      ASSERT_EQ(found[n]->value(), value_of(keys_[n], found[n]->mod_revision()));
    }
  }
  void read(unsigned seed) {
    std::mt19937_64 random(seed);
    auto reader = engine_.make_reader();
    std::vector<const Record*> found(keys_.size());
    std::uint64_t newest = 0;
    while (!done_.load(std::memory_order_relaxed) && !this->HasFatalFailure()) {
      std::this_thread::yield();
      const std::uint64_t at_least = written_.load(std::memory_order_acquire);
      auto guard = reader.enter();
      ASSERT_GE(guard.revision(), at_least) << "a read that starts after publish() returned sees it";
      ASSERT_GE(guard.revision(), newest);
      newest = guard.revision();
      if (random() % 2 == 0) {
        guard.find_batch(probes_, found);
      } else {
        for (std::size_t n = 0; n < keys_.size(); ++n) found[n] = guard.find(probes_[n]);
      }
      if (random() % 16 == 0) std::this_thread::yield();  // a guard that outlives publishes
      check(found, newest);
    }
  }
  void run() {
    std::vector<std::thread> readers;
    for (unsigned i = 0; i < kReaders; ++i) readers.emplace_back([this, i] { read(i); });
    for (int round = 0; round < kTides; ++round) tide();
    done_.store(true);
    for (std::thread& reader : readers) reader.join();
    EXPECT_EQ(engine_.stats().keys, kPermanent);
  }

  KeyHash hash_;
  E engine_{EngineOptions{}};
  std::vector<std::string> keys_;
  std::vector<Probe> probes_;
  std::uint64_t revision_ = 0;
  unsigned log2_ = 0;  // of the published table's buckets
  int grown_ = 0;      // batches that showed a larger one
  int shrunk_ = 0;
  std::atomic<std::uint64_t> written_{0};
  std::atomic<bool> done_{false};
};
TYPED_TEST_SUITE(CuckooStress, CuckooEngines);

TYPED_TEST(CuckooStress, BatchesAreSeenWhole) {
  this->prepare_keys(KeyHash{3});
  this->run();
  EXPECT_GE(this->grown_, kTides) << "each tide fills the table";
  EXPECT_GE(this->shrunk_, kTides) << "and empties it, under readers";
}
TYPED_TEST(CuckooStress, BatchesAreSeenWholeWhereHashesCollide) {
  this->prepare_keys(KeyHash{3, 0x1f});
  this->run();
}

}  // namespace
}  // namespace flashkv::test
