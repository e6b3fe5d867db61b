// Readers on several threads while the engine fills and empties, over and over.
#include <atomic>
#include <random>
#include <thread>

#include "tests/conformance/engine_test.h"

namespace flashkv::test {
namespace {

constexpr std::size_t kPermanent = 40;
constexpr std::size_t kPassing = kSanitized ? 600 : 1'500;
constexpr std::size_t kTides = kSanitized ? 2 : 50;  // each of them both ways, by several doublings
constexpr std::size_t kCollidingTides = kSanitized ? 1 : 4;
constexpr std::size_t kStride = kPassing / 15;
constexpr unsigned kReaders = 3;

// Proves itself: key, version and a filling that follows from them.
std::string value_of(std::string_view key, std::uint64_t revision) {
  std::string value(key);
  value += '|';
  value += std::to_string(revision);
  value += '|';
  value.append(revision * 7 % 90, static_cast<char>('a' + revision % 26));
  return value;
}

class ReadersTest : public ConformanceTest {
 protected:
  // With the options that a test has chosen.
  void start() {
    for (std::size_t n = 0; n < kPermanent; ++n) permanent_.push_back(numbered("permanent", n));
    for (std::size_t n = 0; n < kPassing; ++n) passing_.push_back(numbered("passing", n));
    write([] {});
  }

  // One batch, with all permanent keys in it.
  template <typename More>
  void write(More more) {
    EngineUnderTest& e = engine();
    while (!e.table().try_begin_batch(0)) std::this_thread::yield();
    const std::uint64_t revision = e.revision() + 1;
    for (const std::string& key : permanent_) ASSERT_TRUE(e.put(key, value_of(key, revision)));
    more();
    e.publish();
    written_.store(revision, std::memory_order_release);
    std::this_thread::yield();
  }

  void tide() {
    EngineUnderTest& e = engine();
    std::uint64_t index_bytes = 0;
    for (const bool rising : {true, false}) {
      for (std::size_t first = 0; first < kPassing; first += kStride) {
        write([&] {
          for (std::size_t n = first; n < std::min(first + kStride, kPassing); ++n) {
            const std::string& key = passing_[n];
            ASSERT_TRUE(rising ? e.put(key, value_of(key, e.revision() + 1)) : e.erase(key));
          }
        });
      }
      // Tables that grow and shrink with their keys do it under the readers.
      if (!GetParam().name.starts_with("cuckoo")) continue;
      if (!rising) {
        ASSERT_LT(e.table().stats().index_bytes, index_bytes);
      }
      index_bytes = e.table().stats().index_bytes;
    }
  }

  void check(std::string_view key, const Lookup& hit) {
    ASSERT_EQ(*hit.value, value_of(key, hit.mod_revision)) << "a value that nobody wrote";
    ASSERT_EQ(hit.version, hit.mod_revision - hit.create_revision + 1) << "a record of another time";
  }

  void read_one(ReadHandle& reader, std::mt19937_64& random, std::uint64_t& newest) {
    std::string value;
    Lookup hit;
    hit.value = &value;
    const std::uint64_t at_least = written_.load(std::memory_order_acquire);
    const std::string& key = permanent_[random() % kPermanent];
    const std::uint64_t revision = reader.get(key, hit);
    ASSERT_GE(revision, at_least) << "a read that starts after publish() sees it";
    ASSERT_GE(revision, newest) << "a thread's revisions run backward";
    newest = revision;
    ASSERT_TRUE(hit.found) << "a permanent key was missed";
    ASSERT_GE(hit.mod_revision, at_least);
    ASSERT_NO_FATAL_FAILURE(check(key, hit));
    const std::string& other = passing_[random() % kPassing];
    reader.get(other, hit);
    if (hit.found) {
      ASSERT_EQ(value, value_of(other, hit.mod_revision));
    }
    reader.get(numbered("absent", random() % 1'000), hit);
    ASSERT_FALSE(hit.found) << "a key that never was";
  }

  // All from one state, where the engine promises it.
  void read_all(ReadHandle& reader) {
    const std::vector<std::string_view> keys(permanent_.begin(), permanent_.end());
    std::vector<std::string> values(keys.size());
    std::vector<Lookup> hits(keys.size());
    for (std::size_t i = 0; i < keys.size(); ++i) hits[i].value = &values[i];
    bool complete = false;
    const std::uint64_t revision = reader.multi_get(keys, hits, ~std::uint64_t{0}, complete);
    ASSERT_TRUE(complete);
    for (std::size_t i = 0; i < keys.size(); ++i) {
      ASSERT_TRUE(hits[i].found);
      if (engine().table().traits().atomic_batch) {
        ASSERT_EQ(hits[i].mod_revision, revision) << "half of a batch";
      }
      ASSERT_NO_FATAL_FAILURE(check(keys[i], hits[i]));
    }
  }

  // A guard that outlives publishes: what it found stays as it was, and so does its state where that is one.
  void read_held() {
    const auto guard = engine().hold();
    std::vector<const Record*> found;
    for (const std::string& key : permanent_) found.push_back(guard->find(engine().probe(key)));
    for (const std::string& key : passing_) found.push_back(guard->find(engine().probe(key)));
    std::this_thread::yield();
    for (std::size_t i = 0; i < found.size(); ++i) {
      const std::string& key = i < kPermanent ? permanent_[i] : passing_[i - kPermanent];
      if (i < kPermanent) {
        ASSERT_NE(found[i], nullptr) << "a permanent key was missed";
      }
      if (found[i] == nullptr) continue;
      ASSERT_EQ(found[i]->key(), key);
      ASSERT_EQ(found[i]->value(), value_of(key, found[i]->mod_revision()));
      if (!engine().table().traits().atomic_batch) continue;
      ASSERT_EQ(guard->find(engine().probe(key)), found[i]) << "the state under a guard changed";
      if (i < kPermanent) {
        ASSERT_EQ(found[i]->mod_revision(), guard->revision()) << "half of a batch";
      }
    }
  }

  void read(unsigned seed) {
    std::mt19937_64 random(seed);
    auto reader = engine().make_reader();
    std::uint64_t newest = 0;
    while (!done_.load(std::memory_order_relaxed) && !HasFatalFailure()) {
      for (int i = 0; i < 20; ++i) ASSERT_NO_FATAL_FAILURE(read_one(*reader, random, newest));
      ASSERT_NO_FATAL_FAILURE(read_all(*reader));
      reads_.fetch_add(1, std::memory_order_relaxed);
      if (random() % 16 == 0) {
        ASSERT_NO_FATAL_FAILURE(read_held());
      }
      if (random() % 64 == 0) reader = engine().make_reader();  // readers come and go
    }
  }

  void run(std::size_t tides) {
    std::vector<std::thread> readers;
    for (unsigned seed = 1; seed <= kReaders; ++seed) readers.emplace_back([this, seed] { read(seed); });
    for (std::size_t round = 0; round < tides && !HasFatalFailure(); ++round) tide();
    done_.store(true);
    for (std::thread& reader : readers) reader.join();
    EXPECT_GT(reads_.load(), 0U);
    engine().expect_content();
    if (!engine().leaks()) engine().settle();
  }

  std::vector<std::string> permanent_;
  std::vector<std::string> passing_;
  std::atomic<std::uint64_t> written_{0};
  std::atomic<std::uint64_t> reads_{0};
  std::atomic<bool> done_{false};
};
INSTANTIATE_TEST_SUITE_P(Engines, ReadersTest, ::testing::ValuesIn(served_cases()), EngineName{});

TEST_P(ReadersTest, SeeEveryKeyThatStaysAndNoneThatNeverWas) {
  start();
  run(kTides);
}

// Nearly all keys share their hash with others.
TEST_P(ReadersTest, SeeThemAlsoWhereHashesCollide) {
  options.hash = KeyHash(3, 0x1f);
  start();
  run(kCollidingTides);
}

}  // namespace
}  // namespace flashkv::test
