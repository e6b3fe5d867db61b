// Readers on several threads while the table grows from one slot to 65,536, with values that prove
// themselves.
#include <atomic>
#include <random>
#include <thread>

#include "tests/storage/engine/perfect_hash/perfect_hash_engines.h"

namespace flashkv::test {
namespace {

constexpr unsigned kPermanent = 12;  // they fit one slot: both growths happen under readers
constexpr unsigned kPassing = 5'000;
constexpr unsigned kAbsent = 24;
constexpr unsigned kReaders = 3;
constexpr unsigned kBatch = 100;
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
constexpr int kTables = 2;
#else
constexpr int kTables = 50;  // two growths each
#endif

std::string value_of(std::string_view key, std::uint64_t revision) {
  std::string value = named(std::string(key) + '|', revision);
  value = named(value + '|', KeyHash{77}(value));
  value.resize(value.size() + revision % 50, '.');
  return value;
}

template <typename E>
class PerfectHashStress : public ::testing::Test {
 protected:
  void SetUp() override {
    for (unsigned n = 0; n < kPermanent; ++n) keys_.push_back(named("permanent", n));
    for (unsigned n = 0; n < kAbsent; ++n) keys_.push_back(named("absent", n));
    for (unsigned n = 0; n < kPassing; ++n) keys_.push_back(named("passing", n));
    for (const std::string& key : keys_) probes_.push_back({key, hash_(key)});
  }

  template <typename Writes>
  void batch(E& engine, Writes writes) {
    while (!engine.try_begin_batch(0)) std::this_thread::yield();
    ++revision_;
    writes();
    engine.publish(revision_);
    const std::size_t slots = engine.below().arrays().last().size();
    grown_ += slots > slots_ ? 1 : 0;
    slots_ = slots;
    std::this_thread::yield();
  }
  void put(E& engine, std::size_t n) {
    stage_put(engine, hash_, keys_[n], value_of(keys_[n], revision_), revision_);
  }
  // All keys come and go, in batches that also overwrite; the table grows twice on the way.
  void write(E& engine, std::mt19937_64& random) {
    constexpr unsigned kFirst = kPermanent + kAbsent;
    for (const bool rising : {true, false}) {
      for (unsigned first = kFirst; first < kFirst + kPassing; first += kBatch) {
        batch(engine, [&] {
          for (unsigned n = first; n < first + kBatch; ++n) {
            rising ? put(engine, n) : stage_erase(engine, hash_, keys_[n]);
          }
          for (unsigned i = 0; i < 4; ++i) put(engine, random() % kPermanent);
        });
      }
    }
  }

  void check(const Record* found, std::size_t n) const {
    if (n < kPermanent) {
      ASSERT_NE(found, nullptr) << "a permanent key was missed";
    } else if (n < kPermanent + kAbsent) {
      ASSERT_EQ(found, nullptr);
    }
    if (found == nullptr) return;
    ASSERT_EQ(found->key(), keys_[n]);
    ASSERT_EQ(found->value(), value_of(keys_[n], found->mod_revision()));
  }
  // Guards of few keys and of many, one by one and in batches; all they found is good to their end.
  void read(E& engine, unsigned seed) {
    std::mt19937_64 random(seed);
    auto reader = engine.make_reader();
    while (!done_.load(std::memory_order_relaxed) && !this->HasFatalFailure()) {
      const std::size_t size = 1 + random() % 40;
      std::vector<std::size_t> which(size);
      std::vector<Probe> probes(size);
      std::vector<const Record*> found(size);
      for (std::size_t i = 0; i < size; ++i) {
        which[i] = random() % (random() % 2 == 0 ? kPermanent + kAbsent : keys_.size());
        probes[i] = probes_[which[i]];
      }
      auto guard = reader.enter();
      if (random() % 2 == 0) {
        guard.find_batch(probes, found);
      } else {
        for (std::size_t i = 0; i < size; ++i) found[i] = guard.find(probes[i]);
      }
      if (random() % 8 == 0) std::this_thread::yield();  // with the guard in hand
      for (std::size_t i = 0; i < size; ++i) ASSERT_NO_FATAL_FAILURE(check(found[i], which[i]));
    }
  }

  const KeyHash hash_{3};
  std::vector<std::string> keys_;
  std::vector<Probe> probes_;
  std::uint64_t revision_ = 0;
  std::size_t slots_ = 0;
  int grown_ = 0;
  std::atomic<bool> done_{false};
};
TYPED_TEST_SUITE(PerfectHashStress, PerfectHashEngines);

TYPED_TEST(PerfectHashStress, PermanentKeysAreNeverMissedAndAbsentOnesNeverFound) {
  const std::int64_t records = Record::live();
  std::mt19937_64 random(1);
  for (int table = 0; table < kTables && !this->HasFatalFailure(); ++table) {
    TypeParam engine(EngineOptions{.hash = this->hash_});
    this->slots_ = 0;
    this->batch(engine, [&] {
      for (unsigned n = 0; n < kPermanent; ++n) this->put(engine, n);
    });
    ASSERT_EQ(this->slots_, 1U);
    this->grown_ = 0;
    this->done_.store(false);
    std::vector<std::thread> readers;
    for (unsigned seed = 0; seed < kReaders; ++seed) {
      readers.emplace_back([&, seed] { this->read(engine, seed); });
    }
    this->write(engine, random);
    this->done_.store(true);
    for (std::thread& reader : readers) reader.join();
    EXPECT_EQ(this->slots_, 65'536U);
    EXPECT_GE(this->grown_, 2) << "to 256 slots, and to 65,536";
    EXPECT_EQ(engine.stats().keys, kPermanent);
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(engine.try_begin_batch(0));
    EXPECT_EQ(engine.stats().retired_bytes, engine.stats().leaked_bytes);
  }
  EXPECT_EQ(Record::live(), records);
}

}  // namespace
}  // namespace flashkv::test
