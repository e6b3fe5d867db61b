// Readers on several threads while nodes are added and removed, with self-verifying values.
#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "tests/storage/engine/parts/word_engines.h"
#include "tests/support/engine_batch.h"

namespace flashkv::test {
namespace {

constexpr unsigned kPermanent = 20;  // written again and again, never erased
constexpr unsigned kPassing = 60;    // keys that come and go
constexpr unsigned kAbsent = 20;
constexpr unsigned kReaders = 3;
constexpr int kTides = kSanitized ? 40 : 250;

std::string value_of(std::string_view key, std::uint64_t revision) {
  std::string value = named(std::string(key) + '|', revision);
  value = named(value + '|', KeyHash{77}(value));
  value.resize(value.size() + revision % 50, '.');
  return value;
}

template <typename E>
class WordEngineStress : public ::testing::Test {
 protected:
  // The same engine and keys in words of another pattern.
  struct Run {
    explicit Run(KeyHash h) : hash(h), engine(word_options(h)) {
      for (unsigned n = 0; n < kPermanent; ++n) keys.push_back(named("permanent", n));
      for (unsigned n = 0; n < kPassing; ++n) keys.push_back(named("passing", n));
      for (unsigned n = 0; n < kAbsent; ++n) keys.push_back(named("absent", n));
      for (const std::string& key : keys) probes.push_back({key, hash(key)});
      batch([this] {
        for (unsigned n = 0; n < kPermanent; ++n) put(n);
      });
    }
    template <typename Writes>
    void batch(Writes writes) {
      while (!engine.try_begin_batch(0)) std::this_thread::yield();
      ++revision;
      writes();
      engine.publish(revision);
      written.store(revision, std::memory_order_release);
    }
    void put(std::size_t n) { stage_put(engine, hash, keys[n], value_of(keys[n], revision), revision); }
    // Up to all keys and down to the permanent ones, in small batches that also overwrite.
    void tide(std::mt19937_64& random) {
      for (const bool rising : {true, false}) {
        for (unsigned first = 0; first < kPassing; first += 10) {
          batch([&] {
            for (unsigned n = kPermanent + first; n < kPermanent + first + 10; ++n) {
              if (rising) {
                put(n);
              } else {
                stage_erase(engine, hash, keys[n]);
              }
            }
            put(random() % kPermanent);
          });
          // With few processors the readers must get time to run, or no grace period ends.
          std::this_thread::yield();
        }
      }
    }

    const KeyHash hash;
    E engine;
    std::vector<std::string> keys;
    std::vector<Probe> probes;
    std::uint64_t revision = 0;
    std::atomic<std::uint64_t> written{0};
    std::atomic<bool> done{false};
  };

  static void check(const Run& run, const std::vector<const Record*>& found,
                    std::vector<std::uint64_t>& newest) {
    for (std::size_t n = 0; n < found.size(); ++n) {
      if (n < kPermanent) {
        ASSERT_NE(found[n], nullptr) << "a permanent key was missed";
      }
      if (n >= kPermanent + kPassing) {
        ASSERT_EQ(found[n], nullptr) << "an absent key was found";
      }
      if (found[n] == nullptr) continue;
      ASSERT_EQ(found[n]->key(), run.keys[n]);
      ASSERT_EQ(found[n]->value(), value_of(run.keys[n], found[n]->mod_revision()));
      ASSERT_GE(found[n]->mod_revision(), newest[n]) << "a value that was replaced came back";
      newest[n] = found[n]->mod_revision();
    }
  }
  static void read(Run& run, unsigned seed) {
    std::mt19937_64 random(seed);
    auto reader = run.engine.make_reader();
    std::vector<const Record*> found(run.keys.size());
    std::vector<std::uint64_t> newest(run.keys.size());
    while (!run.done.load(std::memory_order_relaxed) && !HasFatalFailure()) {
      // Rather here than with a guard inside, which would hold up every grace period.
      std::this_thread::yield();
      const std::uint64_t at_least = run.written.load(std::memory_order_acquire);
      auto guard = reader.enter();
      ASSERT_GE(guard.revision(), at_least) << "a read that starts after publish() returned sees it";
      if (random() % 2 == 0) {
        guard.find_batch(run.probes, found);
      } else {
        for (std::size_t n = 0; n < run.keys.size(); ++n) found[n] = guard.find(run.probes[n]);
      }
      check(run, found, newest);
    }
  }
  void run_under(std::uint64_t mask) {
    const std::int64_t records = Record::live();
    {
      Run run(KeyHash{3, mask});
      std::mt19937_64 random(mask);
      std::vector<std::thread> readers;
      for (unsigned i = 0; i < kReaders; ++i) readers.emplace_back([&run, i] { read(run, i); });
      for (int i = 0; i < kTides; ++i) run.tide(random);
      run.done.store(true);
      for (std::thread& reader : readers) reader.join();
      EXPECT_EQ(run.engine.stats().keys, kPermanent);
    }
    EXPECT_EQ(Record::live(), records);
  }
};
TYPED_TEST_SUITE(WordEngineStress, StressedWordEngines);

TYPED_TEST(WordEngineStress, PermanentKeysAreNeverMissedAndAbsentOnesNeverFound) { this->run_under(0xffff); }
TYPED_TEST(WordEngineStress, AlsoWhereWordsBeginDifferently) { this->run_under(std::uint64_t{0xffff} << 48); }
TYPED_TEST(WordEngineStress, AlsoWhereWordsAreShared) { this->run_under(0x8000'0000'0000'0007); }

}  // namespace
}  // namespace flashkv::test
