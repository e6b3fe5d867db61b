// Readers on several threads while the engine fills and empties, over and over.
#include <atomic>
#include <random>
#include <thread>

#include "tests/conformance/engine_test.h"

namespace flashkv::test {
namespace {

constexpr std::size_t kPermanent = 40;
constexpr std::size_t kPassing = kSanitized ? 300 : 1'500;
constexpr std::size_t kTides = kSanitized ? 4 : 50;  // each of them both ways, by several doublings
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
  void SetUp() override {
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
    for (const bool rising : {true, false}) {
      for (std::size_t first = 0; first < kPassing; first += kStride) {
        write([&] {
          for (std::size_t n = first; n < std::min(first + kStride, kPassing); ++n) {
            const std::string& key = passing_[n];
            ASSERT_TRUE(rising ? e.put(key, value_of(key, e.revision() + 1)) : e.erase(key));
          }
        });
      }
    }
  }

  void check(std::string_view key, const Lookup& hit) {
    ASSERT_EQ(*hit.value, value_of(key, hit.mod_revision)) << "a value that nobody wrote";
    ASSERT_EQ(hit.version, hit.mod_revision - hit.create_revision + 1) << "a record of another time";
  }

  void read_one(ReadHandle& reader, std::mt19937_64& random) {
    std::string value;
    Lookup hit;
    hit.value = &value;
    const std::uint64_t at_least = written_.load(std::memory_order_acquire);
    const std::string& key = permanent_[random() % kPermanent];
    ASSERT_GE(reader.get(key, hit), at_least) << "a read that starts after publish() sees it";
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

  void read(unsigned seed) {
    std::mt19937_64 random(seed);
    auto reader = engine().make_reader();
    while (!done_.load(std::memory_order_relaxed) && !HasFatalFailure()) {
      for (int i = 0; i < 20; ++i) ASSERT_NO_FATAL_FAILURE(read_one(*reader, random));
      ASSERT_NO_FATAL_FAILURE(read_all(*reader));
      reads_.fetch_add(1, std::memory_order_relaxed);
      if (random() % 64 == 0) reader = engine().make_reader();  // readers come and go
    }
  }

  std::vector<std::string> permanent_;
  std::vector<std::string> passing_;
  std::atomic<std::uint64_t> written_{0};
  std::atomic<std::uint64_t> reads_{0};
  std::atomic<bool> done_{false};
};
INSTANTIATE_TEST_SUITE_P(Engines, ReadersTest, ::testing::ValuesIn(served_cases()), EngineName{});

TEST_P(ReadersTest, SeeEveryKeyThatStaysAndNoneThatNeverWas) {
  std::vector<std::thread> readers;
  for (unsigned seed = 1; seed <= kReaders; ++seed) readers.emplace_back([this, seed] { read(seed); });
  for (std::size_t round = 0; round < kTides && !HasFatalFailure(); ++round) tide();
  done_.store(true);
  for (std::thread& reader : readers) reader.join();
  EXPECT_GT(reads_.load(), 0U);
  engine().expect_content();
  if (!engine().leaks()) engine().settle();
}

}  // namespace
}  // namespace flashkv::test
