// Real threads: submitters, readers and the writer at once, on self-verifying values.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <deque>
#include <thread>
#include <vector>

#include "storage/store.h"
#include "tests/support/calls.h"
#include "tests/support/engine_cases.h"

namespace flashkv::test {
namespace {

// Under a sanitizer a fraction shows the same.
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
constexpr std::size_t kRequestsEach = 300;
#else
constexpr std::size_t kRequestsEach = 1000;
#endif
constexpr std::size_t kSubmitters = 2;
constexpr std::size_t kPairs =
    16;  // keys of one submitter; each request writes the same number to all of them

class ConcurrencyTest : public ::testing::TestWithParam<EngineCase> {
 protected:
  void open(PublishPolicy policy) {
    StoreOptions options;
    options.policy = policy;
    store = Store::over(GetParam().make(KeyHash(9)).table, options);
    store->start();
  }
  static std::string key(std::size_t submitter, std::size_t i) {
    return numbered(numbered("s", submitter) + "/", i);
  }

  // Writes, and after each PUBLISHED answer reads its own write.
  void submitter(std::size_t id) {
    auto reader = store->make_reader();
    std::string value;
    for (std::size_t n = 1; n <= kRequestsEach; ++n) {
      CountingSink sink;
      Call c;
      c.sink = &sink;
      const std::string number = std::to_string(n);
      for (std::size_t i = 0; i < kPairs; ++i) c.put(key(id, i), number);
      while (!store->submit(c).ok()) std::this_thread::yield();
      sink.wait_for(1);
      Lookup out{.value = &value};
      const std::uint64_t revision = reader->get(key(id, n % kPairs), out);
      if (!c.applied || revision < c.revision || out.mod_revision != c.revision || value != number)
        failures.fetch_add(1);
      raise(seen_revision, revision);
    }
    finished.fetch_add(1);
  }
  // Every view is one state: all keys of a submitter carry the same number, and no revision runs backward,
  // neither in this thread nor behind what any thread has seen before.
  void reader() {
    auto handle = store->make_reader();
    std::vector<std::string> keys;
    for (std::size_t s = 0; s < kSubmitters; ++s) {
      for (std::size_t i = 0; i < kPairs; ++i) keys.push_back(key(s, i));
    }
    const std::vector<std::string_view> views(keys.begin(), keys.end());
    std::vector<std::string> values(keys.size());
    std::vector<Lookup> out(keys.size());
    for (std::size_t i = 0; i < keys.size(); ++i) out[i].value = &values[i];
    while (finished.load() < kSubmitters) {
      const std::uint64_t before = seen_revision.load();
      bool complete = false;
      const std::uint64_t revision = handle->multi_get(views, out, 1 << 20, complete);
      bool good = complete && revision >= before;
      for (std::size_t i = 0; i < keys.size(); ++i) {
        good = good && out[i].mod_revision <= revision;
        const std::size_t first = i / kPairs * kPairs;
        if (store->traits().atomic_batch) {
          good = good && out[i].found == out[first].found && values[i] == values[first];
        }
        if (!out[i].found) values[i].clear();
      }
      if (!good) failures.fetch_add(1);
      raise(seen_revision, revision);
      // More threads than processors: readers that never rest would only measure the scheduler, and the
      // engines with locks would let them shut the writer out.
      const std::uint64_t views_between_rests = store->traits().read_rmw == ReadRmw::kLock ? 1 : 16;
      if (views_seen.fetch_add(1) % views_between_rests == 0) {
        std::this_thread::sleep_for(std::chrono::microseconds(50));
      }
    }
  }
  static void raise(std::atomic<std::uint64_t>& to, std::uint64_t at_least) {
    std::uint64_t now = to.load();
    while (now < at_least && !to.compare_exchange_weak(now, at_least)) {
    }
  }
  void race() {
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < kSubmitters; ++i) threads.emplace_back([this, i] { submitter(i); });
    for (int i = 0; i < 2; ++i) threads.emplace_back([this] { reader(); });
    for (std::thread& t : threads) t.join();
    EXPECT_EQ(failures.load(), 0U);
    EXPECT_GT(views_seen.load(), 0U);
    EXPECT_EQ(store->published_revision(), kSubmitters * kRequestsEach);
    EXPECT_TRUE(store->stop(1000 * kMs));
  }

  std::unique_ptr<Store> store;
  std::atomic<std::uint64_t> seen_revision{0};
  std::atomic<std::uint64_t> failures{0};
  std::atomic<std::uint64_t> views_seen{0};
  std::atomic<std::size_t> finished{0};
};
INSTANTIATE_TEST_SUITE_P(Engines, ConcurrencyTest, ::testing::ValuesIn(served_cases()), EngineName{});

TEST_P(ConcurrencyTest, ReadersSeeWholeRequestsAndRevisionsThatOnlyGrow) {
  open({});
  race();
}

TEST_P(ConcurrencyTest, AlsoWithAnInterval) {
  open({.interval = kMs / 5, .max_batch = 16, .adaptive = true});
  race();
}

// The writer moves records from list to list and removes them while readers copy them.
TEST_P(ConcurrencyTest, ReadersNeverSeeAKeyPastItsTimeAndAllAreRemoved) {
  open({});
  std::atomic<bool> done{false};
  std::vector<std::thread> threads;
  for (int t = 0; t < 2; ++t) {
    threads.emplace_back([&] {
      auto handle = store->make_reader();
      std::string value;
      for (std::size_t n = 0; !done.load(); ++n) {
        const std::string name = numbered("k", n % 64);
        Lookup out{.value = &value};
        const std::int64_t asked_ms = system_clock().now_ms();
        handle->get(name, out);
        if (out.found && (value != name || out.expires_at_ms <= asked_ms)) failures.fetch_add(1);
        if (n % 8 == 0) std::this_thread::sleep_for(std::chrono::microseconds(50));
      }
    });
  }
  for (std::size_t n = 0; n < kRequestsEach; ++n) {
    CountingSink sink;
    Call c;
    c.sink = &sink;
    for (std::size_t i = 0; i < kPairs; ++i) {
      const std::string name = numbered("k", (n * kPairs + i * 7) % 64);
      c.put_ttl(name, name, static_cast<std::int64_t>(1 + (n + i) % 90));
    }
    while (!store->submit(c).ok()) std::this_thread::yield();
    sink.wait_for(1);
  }
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (store->stats().engine.keys != 0 && std::chrono::steady_clock::now() < give_up) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  done.store(true);
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(store->stats().engine.keys, 0U);
  EXPECT_EQ(failures.load(), 0U);
  EXPECT_GT(store->stats().writer.expired_keys, 0U);
  EXPECT_TRUE(store->stop(1000 * kMs));
}

TEST_P(ConcurrencyTest, StopRacesWithSubmitsAndEveryAcceptedRequestComesBackOnce) {
  for (int round = 0; round < 20; ++round) {
    open({.interval = round % 2 == 0 ? 0 : kMs, .max_batch = 8, .adaptive = true});
    std::atomic<bool> go{false};
    std::array<std::deque<Call>, 3> calls;
    std::array<CountingSink, 3> sinks;
    std::array<std::size_t, 3> accepted{};
    std::vector<std::thread> threads;
    for (std::size_t t = 0; t < calls.size(); ++t) {
      threads.emplace_back([&, t] {
        while (!go.load()) std::this_thread::yield();
        for (;;) {
          Call& c = calls[t].emplace_back();
          c.put(numbered("k", accepted[t] % 10), "v");
          c.sink = &sinks[t];
          const Status s = store->submit(c);
          if (s.code == Code::kUnavailable) return;
          if (s.ok()) ++accepted[t];
        }
      });
    }
    go.store(true);
    std::this_thread::sleep_for(std::chrono::microseconds(200 * round));
    EXPECT_TRUE(store->stop(1000 * kMs));
    for (std::thread& t : threads) t.join();
    std::size_t applied = 0;
    for (std::size_t t = 0; t < calls.size(); ++t) {
      EXPECT_EQ(sinks[t].count(), accepted[t]);
      for (const Call* c : sinks[t].order()) {
        EXPECT_EQ(c->completions, 1);
        applied += c->applied ? 1 : 0;
      }
    }
    EXPECT_EQ(applied, store->published_revision());
  }
}

TEST_P(ConcurrencyTest, ASleepingWriterWakesForEachKindOfRequest) {
  open({});
  for (int i = 0; i < 50; ++i) {
    for (const RequestKind kind :
         {RequestKind::kMutation, RequestKind::kPublish, RequestKind::kWaitRevision}) {
      CountingSink sink;
      Call c(kind);
      c.sink = &sink;
      if (kind == RequestKind::kMutation) c.put("a", "1");
      ASSERT_TRUE(store->submit(c).ok());
      sink.wait_for(1);
      ASSERT_TRUE(c.status.ok()) << c.status.message;
    }
  }
}

}  // namespace
}  // namespace flashkv::test
