#include "storage/request/request_queue.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <thread>
#include <vector>

#include "storage/request/completions.h"
#include "storage/request/doorbell.h"
#include "storage/request/request_list.h"
#include "tests/support/calls.h"

namespace flashkv::test {
namespace {

TEST(RequestQueueTest, GivesBackTheOldestFirst) {
  RequestQueue q({10, 1000});
  std::array<Request, 3> r;
  for (Request& each : r) EXPECT_EQ(q.push(each), Admission::kAccepted);
  Request* first = q.take_work();
  EXPECT_EQ(first, &r[0]);
  EXPECT_EQ(first->next, &r[1]);
  EXPECT_EQ(first->next->next, &r[2]);
  EXPECT_EQ(r[2].next, nullptr);
  EXPECT_EQ(q.take_work(), nullptr);
}

TEST(RequestQueueTest, CountsUntilTheWriterSaysLeave) {
  RequestQueue q({2, 100});
  std::array<Request, 3> r;
  for (Request& each : r) each.bytes = 60;
  EXPECT_EQ(q.push(r[0]), Admission::kAccepted);
  EXPECT_EQ(q.push(r[1]), Admission::kBytesFull);
  r[1].bytes = 40;
  EXPECT_EQ(q.push(r[1]), Admission::kAccepted);
  EXPECT_EQ(q.push(r[2]), Admission::kRequestsFull);
  q.take_work();
  EXPECT_EQ(q.push(r[2]), Admission::kRequestsFull) << "taken is not left";
  q.leave_work(2, 100);
  EXPECT_EQ(q.push(r[2]), Admission::kAccepted);
  EXPECT_EQ(q.requests(), 1U);
  EXPECT_EQ(q.bytes(), 60U);
  EXPECT_EQ(q.refused_full(), 3U);
}

TEST(RequestQueueTest, ARequestLargerThanTheQueueNeverFits) {
  RequestQueue q({2, 100});
  Request r;
  r.bytes = ~std::uint64_t{0};
  EXPECT_EQ(q.push(r), Admission::kBytesFull);
  EXPECT_EQ(q.bytes(), 0U);
}

TEST(RequestQueueTest, WaitersCannotLockTheAdministratorOut) {
  RequestQueue q({1, 100});
  std::vector<Request> waiters(RequestQueue::kControlLimit);
  std::size_t accepted = 0;
  for (Request& r : waiters) {
    r.kind = RequestKind::kWaitRevision;
    if (q.push(r) == Admission::kAccepted) ++accepted;
  }
  EXPECT_EQ(accepted, RequestQueue::kControlLimit - RequestQueue::kControlReserve);
  Request publish;
  publish.kind = RequestKind::kPublish;
  EXPECT_EQ(q.push(publish), Admission::kAccepted);
  EXPECT_EQ(q.take_work(), nullptr);
  EXPECT_NE(q.take_control(), nullptr);
}

TEST(RequestQueueTest, ClosedRefusesAndKnowsWhenItIsDrained) {
  RequestQueue q({10, 1000});
  Request in;
  Request late;
  EXPECT_EQ(q.push(in), Admission::kAccepted);
  q.close();
  EXPECT_FALSE(q.idle());
  EXPECT_FALSE(q.drained());
  EXPECT_EQ(q.push(late), Admission::kClosed);
  late.kind = RequestKind::kPublish;
  EXPECT_EQ(q.push(late), Admission::kClosed);
  EXPECT_EQ(q.refused_closed(), 2U);
  q.take_work();
  q.leave_work(1, 0);
  EXPECT_TRUE(q.drained());
}

TEST(RequestQueueTest, ManyThreadsLoseNothingAndKeepTheirOwnOrder) {
  constexpr std::size_t kThreads = 4;
  constexpr std::size_t kEach = 5000;
  RequestQueue q({64, 1 << 20});
  std::vector<std::vector<Request>> requests(kThreads);
  for (auto& mine : requests) mine = std::vector<Request>(kEach);
  std::vector<std::thread> threads;
  for (auto& mine : requests) {
    threads.emplace_back([&q, &mine] {
      for (std::size_t i = 0; i < kEach; ++i) {
        mine[i].revision = i;
        mine[i].bytes = 10;
        while (q.push(mine[i]) != Admission::kAccepted) std::this_thread::yield();
      }
    });
  }
  std::array<std::size_t, kThreads> seen{};
  for (std::size_t total = 0; total < kThreads * kEach;) {
    for (Request* r = q.take_work(); r != nullptr; r = r->next) {
      for (std::size_t t = 0; t < kThreads; ++t) {
        if (r < requests[t].data() || r >= requests[t].data() + kEach) continue;
        ASSERT_EQ(r->revision, seen[t]);
        ++seen[t];
      }
      q.leave_work(1, r->bytes);
      ++total;
    }
  }
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(q.requests(), 0U);
  EXPECT_EQ(q.bytes(), 0U);
}

TEST(DoorbellTest, ARingBeforeTheSleepIsNotLost) {
  Doorbell bell;
  bell.arm();
  bell.ring();
  bell.sleep(10'000 * kMs);
  bell.disarm();
}

TEST(DoorbellTest, ARingWakesASleeper) {
  Doorbell bell;
  std::atomic<int> rounds{0};
  std::atomic<bool> stop{false};
  std::thread sleeper([&] {
    while (!stop.load()) {
      bell.arm();
      if (!stop.load()) bell.sleep(kNever);
      bell.disarm();
      rounds.fetch_add(1);
    }
  });
  while (rounds.load() < 20) bell.ring();
  stop.store(true);
  bell.ring();
  sleeper.join();
}

TEST(RequestListTest, FilterTakesOutAndKeepsTheOrder) {
  std::array<Request, 5> r;
  RequestList list;
  for (std::size_t i = 0; i < r.size(); ++i) {
    r[i].revision = i;
    list.push(r[i]);
  }
  RequestList odd;
  list.filter([&](Request& each) {
    if (each.revision % 2 == 0) return true;
    odd.push(each);
    return false;
  });
  EXPECT_EQ(list.size(), 3U);
  EXPECT_EQ(odd.size(), 2U);
  for (const std::uint64_t expected : {0U, 2U, 4U}) EXPECT_EQ(list.pop().revision, expected);
  for (const std::uint64_t expected : {1U, 3U}) EXPECT_EQ(odd.pop().revision, expected);
  EXPECT_TRUE(list.empty() && odd.empty());
}

TEST(CompletionsTest, EachSinkGetsOneListInOrder) {
  std::array<CountingSink, 3> sinks;
  std::array<Call, 30> calls;
  Completions done;
  for (std::size_t i = 0; i < calls.size(); ++i) {
    calls[i].sink = &sinks[(i * i) % 3];
    done.add(calls[i]);
  }
  EXPECT_EQ(sinks[0].count(), 0U) << "nothing before deliver()";
  done.deliver();
  for (const CountingSink& s : sinks) {
    EXPECT_LE(s.calls(), 1U);
    for (std::size_t i = 1; i < s.order().size(); ++i) EXPECT_LT(s.order()[i - 1], s.order()[i]);
  }
  EXPECT_EQ(sinks[0].count() + sinks[1].count() + sinks[2].count(), calls.size());
  done.deliver();
  EXPECT_EQ(sinks[0].calls(), 1U) << "nothing twice";
}

TEST(CompletionsTest, MoreSinksThanLanesLoseNothing) {
  std::vector<CountingSink> sinks(Completions::kSinks + 5);
  std::vector<Call> calls(2 * sinks.size());
  Completions done;
  for (std::size_t i = 0; i < calls.size(); ++i) {
    calls[i].sink = &sinks[i % sinks.size()];
    done.add(calls[i]);
  }
  done.deliver();
  for (const CountingSink& s : sinks) EXPECT_EQ(s.count(), 2U);
}

}  // namespace
}  // namespace flashkv::test
