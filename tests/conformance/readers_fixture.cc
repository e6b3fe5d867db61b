#include "tests/conformance/readers_fixture.h"

#include <algorithm>

namespace flashkv::test {
namespace {

// Key, revision and a filling that follows from them.
std::string value_of(std::string_view key, std::uint64_t revision) {
  std::string value(key);
  value += '|';
  value += std::to_string(revision);
  value += '|';
  value.append(revision * 7 % 90, static_cast<char>('a' + revision % 26));
  return value;
}

}  // namespace

void ReadersTest::start(std::size_t passing) {
  passing_ = passing;
  keys_.clear();
  probes_.clear();
  for (std::size_t n = 0; n < kPermanent; ++n) keys_.push_back(numbered("permanent", n));
  for (std::size_t n = 0; n < passing; ++n) keys_.push_back(numbered("passing", n));
  for (std::size_t n = 0; n < kAbsent; ++n) keys_.push_back(numbered("absent", n));
  for (const std::string& key : keys_) probes_.push_back(engine().probe(key));
  write();
}

void ReadersTest::write(const std::function<void()>& more) {
  EngineUnderTest& e = engine();
  while (!e.table().try_begin_batch(0)) std::this_thread::yield();
  const std::uint64_t revision = e.revision() + 1;
  for (std::size_t n = 0; n < kPermanent; ++n) ASSERT_TRUE(e.put(keys_[n], value_of(keys_[n], revision)));
  more();
  e.publish();
  written_.store(revision, std::memory_order_release);
  // With few processors the readers must get time to run, or no grace period ends.
  std::this_thread::yield();
}

void ReadersTest::come(std::size_t first, std::size_t last) {
  for (std::size_t n = kPermanent + first; n < kPermanent + std::min(last, passing_); ++n)
    ASSERT_TRUE(engine().put(keys_[n], value_of(keys_[n], engine().revision() + 1)));
}
void ReadersTest::go(std::size_t first, std::size_t last) {
  for (std::size_t n = kPermanent + first; n < kPermanent + std::min(last, passing_); ++n)
    ASSERT_TRUE(engine().erase(keys_[n]));
}
void ReadersTest::rise(std::size_t stride) {
  for (std::size_t first = 0; first < passing_ && !HasFatalFailure(); first += stride)
    write([&] { come(first, first + stride); });
}
void ReadersTest::fall(std::size_t stride) {
  for (std::size_t first = 0; first < passing_ && !HasFatalFailure(); first += stride)
    write([&] { go(first, first + stride); });
}

void ReadersTest::check(std::string_view key, const Lookup& hit) {
  ASSERT_EQ(*hit.value, value_of(key, hit.mod_revision)) << "a value that was never written";
}

void ReadersTest::read_one(Eye& eye) {
  std::string value;
  Lookup hit;
  hit.value = &value;
  const std::uint64_t at_least = written_.load(std::memory_order_acquire);
  const std::string& key = keys_[eye.random() % kPermanent];
  const std::uint64_t revision = eye.reader->get(key, hit);
  ASSERT_GE(revision, at_least) << "a read that starts after publish() sees it";
  ASSERT_GE(revision, eye.newest) << "a thread's revisions run backward";
  eye.newest = revision;
  ASSERT_TRUE(hit.found) << "a permanent key was missed";
  ASSERT_GE(hit.mod_revision, at_least);
  ASSERT_EQ(hit.version, hit.mod_revision - hit.create_revision + 1) << "a record of another version";
  ASSERT_NO_FATAL_FAILURE(check(key, hit));
  const std::size_t passing = eye.random() % passing_;
  const std::string& other = keys_[kPermanent + passing];
  eye.reader->get(other, hit);
  if (hit.found) {
    ASSERT_NO_FATAL_FAILURE(check(other, hit));
    ASSERT_GE(hit.mod_revision, eye.newest_of[passing]) << "a value that was replaced came back";
    eye.newest_of[passing] = hit.mod_revision;
  }
  eye.reader->get(numbered("absent", eye.random() % 1'000), hit);
  ASSERT_FALSE(hit.found) << "a key that never was";
}

// All from one state, where the engine promises it.
void ReadersTest::read_all(Eye& eye) {
  const std::vector<std::string_view> keys(keys_.begin(), keys_.begin() + kPermanent);
  std::vector<std::string> values(keys.size());
  std::vector<Lookup> hits(keys.size());
  for (std::size_t i = 0; i < keys.size(); ++i) hits[i].value = &values[i];
  bool complete = false;
  const std::uint64_t revision = eye.reader->multi_get(keys, hits, ~std::uint64_t{0}, complete);
  ASSERT_TRUE(complete);
  for (std::size_t i = 0; i < keys.size(); ++i) {
    ASSERT_TRUE(hits[i].found);
    if (engine().table().traits().atomic_batch) {
      ASSERT_EQ(hits[i].mod_revision, revision) << "half of a batch";
    }
    ASSERT_NO_FATAL_FAILURE(check(keys[i], hits[i]));
  }
}

// A guard of a few keys, or of all, one by one or as a batch, that outlives publishes: what it found stays as
// it was, and so does its state where that is one.
void ReadersTest::read_held(Eye& eye) {
  std::vector<std::size_t> which(eye.random() % 4 == 0 ? keys_.size() : 1 + eye.random() % 40);
  for (std::size_t i = 0; i < which.size(); ++i) {
    which[i] = which.size() == keys_.size() ? i : eye.random() % (i % 2 == 0 ? kPermanent : keys_.size());
  }
  std::vector<Probe> probes;
  for (const std::size_t n : which) probes.push_back(probes_[n]);
  std::vector<const Record*> found(which.size());
  const std::uint64_t at_least = written_.load(std::memory_order_acquire);
  const auto guard = engine().hold();
  ASSERT_GE(guard->revision(), at_least);
  if (eye.random() % 2 == 0) {
    guard->find_batch(probes, found);
  } else {
    for (std::size_t i = 0; i < found.size(); ++i) found[i] = guard->find(probes[i]);
  }
  std::this_thread::yield();
  for (std::size_t i = 0; i < found.size(); ++i) {
    const std::size_t n = which[i];
    if (n < kPermanent) {
      ASSERT_NE(found[i], nullptr) << "a permanent key was missed";
    }
    if (n >= kPermanent + passing_) {
      ASSERT_EQ(found[i], nullptr) << "a key that never was";
    }
    if (found[i] == nullptr) continue;
    ASSERT_EQ(found[i]->key(), keys_[n]);
    ASSERT_EQ(found[i]->value(), value_of(keys_[n], found[i]->mod_revision()));
    if (!engine().table().traits().atomic_batch) continue;
    ASSERT_EQ(guard->find(probes[i]), found[i]) << "the state under a guard changed";
    if (n < kPermanent) {
      ASSERT_EQ(found[i]->mod_revision(), guard->revision()) << "half of a batch";
    }
  }
}

void ReadersTest::read(unsigned seed) {
  Eye eye{std::mt19937_64(seed), engine().make_reader()};
  eye.newest_of.resize(passing_);
  for (bool first = true; (first || !done_.load(std::memory_order_relaxed)) && !HasFatalFailure();
       first = false) {
    for (int i = 0; i < 20; ++i) ASSERT_NO_FATAL_FAILURE(read_one(eye));
    ASSERT_NO_FATAL_FAILURE(read_all(eye));
    if (first || eye.random() % 16 == 0) {
      ASSERT_NO_FATAL_FAILURE(read_held(eye));
    }
    if (eye.random() % 64 == 0) eye.reader = engine().make_reader();  // readers come and go
    if (first) reading_.fetch_add(1);
  }
}

void ReadersTest::run(const std::function<void()>& writer) {
  done_.store(false);
  reading_.store(0);
  std::vector<std::thread> readers;
  for (unsigned seed = 1; seed <= kReaders; ++seed) readers.emplace_back([this, seed] { read(seed); });
  while (reading_.load() < kReaders && !HasFatalFailure()) std::this_thread::yield();
  if (!HasFatalFailure()) writer();
  done_.store(true);
  for (std::thread& reader : readers) reader.join();
  if (HasFatalFailure()) return;
  engine().expect_content();
  if (!engine().leaks()) engine().settle();
}

}  // namespace flashkv::test
