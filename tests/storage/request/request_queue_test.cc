#include "storage/request/request_queue.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "storage/request/completion_stack.h"
#include "storage/request/completions.h"
#include "storage/request/doorbell.h"
#include "storage/request/request_list.h"
#include "tests/support/calls.h"
#include "tests/support/deadline.h"

namespace flashkv::test {
namespace {

TEST(RequestQueueTest, GivesBackTheOldestFirst) {
  const StoreLimits limits{.max_queue_requests = 10, .max_queue_bytes = 1000};
  RequestQueue q(limits);
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
  const StoreLimits limits{.max_queue_requests = 2, .max_queue_bytes = 100};
  RequestQueue q(limits);
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
  const StoreLimits limits{.max_queue_requests = 2, .max_queue_bytes = 100};
  RequestQueue q(limits);
  Request r;
  r.bytes = ~std::uint64_t{0};
  EXPECT_EQ(q.push(r), Admission::kBytesFull);
  EXPECT_EQ(q.bytes(), 0U);
}

TEST(RequestQueueTest, WaitersCannotLockTheAdministratorOut) {
  const StoreLimits limits{.max_queue_requests = 1, .max_queue_bytes = 100};
  RequestQueue q(limits);
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
  const StoreLimits limits{.max_queue_requests = 10, .max_queue_bytes = 1000};
  RequestQueue q(limits);
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
  const StoreLimits limits{.max_queue_requests = 64, .max_queue_bytes = 1 << 20};
  RequestQueue q(limits);
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

// A doorbell whose sleeper looks at no clock: a wake-up that is lost is a hang.
struct PatientOrders : DoorbellOrders {
  static constexpr Nanos kLongestSleep = kNever;
};
using PatientDoorbell = BasicDoorbell<PatientOrders>;

class DoorbellTest : public ::testing::Test {
 protected:
  DoorbellTest() { finish_within(std::chrono::seconds(20)); }
};

TEST_F(DoorbellTest, ARingBeforeTheSleepIsNotLost) {
  PatientDoorbell bell;
  bell.arm();
  bell.ring();
  EXPECT_TRUE(bell.sleep(kNever)) << "rung, yet the sleeper was not told";
}

TEST_F(DoorbellTest, ASleepThatNobodyRangRunsOut) {
  PatientDoorbell bell;
  bell.arm();
  EXPECT_FALSE(bell.sleep(kMs));
}

TEST_F(DoorbellTest, ARingBeforeTheBellIsArmedDoesNotCount) {
  PatientDoorbell bell;
  bell.ring();
  bell.arm();
  EXPECT_FALSE(bell.sleep(kMs));
}

TEST_F(DoorbellTest, ASleepWithoutALimitLooksAtTheClockAgain) {
  Doorbell bell;
  bell.arm();
  EXPECT_FALSE(bell.sleep(kNever));
}

// The state of a thread of this process, as proc(5) has it: S is asleep.
char state_of(pid_t thread) {
  std::ifstream stat("/proc/self/task/" + std::to_string(thread) + "/stat");
  std::string field;
  char state = 0;
  std::getline(stat, field, ')');
  stat >> state;
  return state;
}

TEST_F(DoorbellTest, ARingWakesASleeper) {
  PatientDoorbell bell;
  std::atomic<pid_t> armed{0};
  bool rung = false;
  std::thread sleeper([&] {
    bell.arm();
    armed.store(::gettid());
    rung = bell.sleep(kNever);
  });
  while (armed.load() == 0 || state_of(armed.load()) != 'S') std::this_thread::yield();
  bell.ring();
  sleeper.join();
  EXPECT_TRUE(rung);
}

TEST_F(DoorbellTest, RingsAndSleepsMayCross) {
  PatientDoorbell bell;
  std::atomic<int> work{0};
  std::thread sleeper([&] {
    for (int done = 0; done < 10'000; done = work.load()) {
      bell.arm();
      if (work.load() == done) bell.sleep(kNever);
      bell.disarm();
    }
  });
  while (work.fetch_add(1) + 1 < 10'000) bell.ring();
  bell.ring();
  sleeper.join();
}

TEST(CompletionStackTest, TheOldestComesFirst) {
  CompletionStack stack;
  std::array<Request, 3> r;
  r[0].next = &r[1];
  stack.push(&r[0]);
  stack.push(&r[2]);
  const auto taken = stack.take();
  EXPECT_EQ(taken.oldest, &r[0]);
  EXPECT_EQ(r[0].next, &r[1]);
  EXPECT_EQ(r[1].next, &r[2]);
  EXPECT_EQ(r[2].next, nullptr);
  EXPECT_FALSE(taken.notified);
  EXPECT_EQ(stack.take().oldest, nullptr) << "nothing twice";
}

TEST(CompletionStackTest, OneWakeUpUntilTheConsumerComes) {
  CompletionStack stack;
  std::array<Request, 3> r;
  EXPECT_TRUE(stack.push(&r[0]));
  EXPECT_FALSE(stack.push(&r[1]));
  EXPECT_FALSE(stack.notify());
  EXPECT_TRUE(stack.take().notified);
  EXPECT_TRUE(stack.notify());
  EXPECT_FALSE(stack.push(&r[2]));
  const auto taken = stack.take();
  EXPECT_TRUE(taken.notified);
  EXPECT_EQ(taken.oldest, &r[2]);
}

// The writer and a notifier against a consumer that comes only when it is woken.
TEST(CompletionStackTest, NothingStaysBehindWithoutAWakeUp) {
  constexpr std::uint64_t kRequests = 20'000;
  CompletionStack stack;
  std::atomic<std::uint64_t> wake_ups{0};
  const auto wake = [&] {
    wake_ups.fetch_add(1);
    wake_ups.notify_one();
  };
  std::vector<Request> requests(kRequests);
  std::thread writer([&] {
    for (std::uint64_t i = 0; i < kRequests; ++i) {
      requests[i].revision = i;
      if (stack.push(&requests[i])) wake();
    }
  });
  std::atomic<bool> notified{false};
  std::thread notifier([&] {
    for (std::uint64_t i = 0; i < kRequests / 10; ++i) {
      notified.store(false);
      if (stack.notify()) wake();
      while (!notified.load()) std::this_thread::yield();
    }
  });
  std::uint64_t expected = 0;
  std::uint64_t notes = 0;
  for (std::uint64_t handled = 0; expected < kRequests || notes < kRequests / 10; ++handled) {
    wake_ups.wait(handled);
    const auto taken = stack.take();
    for (Request* r = taken.oldest; r != nullptr; r = r->next) ASSERT_EQ(r->revision, expected++);
    if (taken.notified) {
      ++notes;
      notified.store(true);
    }
  }
  writer.join();
  notifier.join();
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
