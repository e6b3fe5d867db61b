// The contract of both kinds of grace periods.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

#include "storage/reclaim/grace_period.h"
#include "storage/reclaim/retire_list.h"

namespace flashkv::reclaim::test {

template <GracePeriods G>
void await(G& periods, Ticket ticket) {
  while (!periods.ended(ticket)) std::this_thread::yield();
}

// A thread that does one thing after another when it is told to.
class Steps {
 public:
  void reach(int step) { at_.store(step); }
  void await(int step) const {
    while (at_.load() < step) std::this_thread::yield();
  }

 private:
  std::atomic<int> at_{0};
};

// Looks often enough for a period that nothing holds to end.
template <GracePeriods G>
void expect_held(G& periods, Ticket ticket) {
  const Ticket free_running = periods.start();
  for (int look = 0; look < 2'000; ++look) {
    ASSERT_FALSE(periods.ended(ticket));
    ASSERT_FALSE(periods.ended(free_running)) << "periods end in order";
    std::this_thread::yield();
  }
}

template <GracePeriods G>
void an_open_section_holds_the_period(G& periods) {
  Steps steps;
  std::thread reader([&] {
    auto section = periods.make_section();
    section.lock();
    steps.reach(1);
    steps.await(2);
    section.unlock();
    steps.reach(3);
    steps.await(4);
  });
  steps.await(1);
  const Ticket ticket = periods.start();
  expect_held(periods, ticket);
  steps.reach(2);
  steps.await(3);
  await(periods, ticket);
  steps.reach(4);
  reader.join();
}

template <GracePeriods G>
void nested_sections_hold_the_period(G& periods) {
  Steps steps;
  std::thread reader([&] {
    auto section = periods.make_section();
    section.lock();
    section.lock();
    section.unlock();
    steps.reach(1);
    steps.await(2);
    section.unlock();
  });
  steps.await(1);
  const Ticket ticket = periods.start();
  expect_held(periods, ticket);
  steps.reach(2);
  await(periods, ticket);
  reader.join();
}

template <GracePeriods G>
void threads_come_and_go(G& periods) {
  for (int round = 0; round < 20; ++round) {
    std::vector<std::thread> readers;
    for (int i = 0; i < 4; ++i) {
      readers.emplace_back([&] {
        auto section = periods.make_section();
        for (int look = 0; look < 10; ++look) {
          section.lock();
          section.unlock();
        }
      });
    }
    static_cast<void>(periods.ended(periods.start()));
    for (std::thread& reader : readers) reader.join();
  }
  await(periods, periods.start());
}

// Readers follow a pointer to a word that is spoilt before it is freed.
template <GracePeriods G>
void nothing_is_freed_under_a_reader(int replacements) {
  constexpr std::uint64_t kAlive = 0x1234'5678'9abc'def0;
  struct Word {
    std::atomic<std::uint64_t> value{kAlive};
    static void free(void* word) noexcept {
      static_cast<Word*>(word)->value.store(0, std::memory_order_relaxed);
      delete static_cast<Word*>(word);
    }
  };
  G periods;
  RetireList retired;
  std::atomic<Word*> current{new Word};
  std::atomic<bool> done{false};
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      auto section = periods.make_section();
      while (!done.load(std::memory_order_relaxed)) {
        section.lock();
        const Word* word = current.load(std::memory_order_acquire);
        for (int look = 0; look < 20; ++look) {
          if (word->value.load(std::memory_order_relaxed) == kAlive) continue;
          ADD_FAILURE() << "freed under a reader";
          done.store(true);
          break;
        }
        section.unlock();
        std::this_thread::yield();
      }
    });
  }
  for (int i = 0; i < replacements && !done.load(std::memory_order_relaxed); ++i) {
    ASSERT_TRUE(retired.reserve(1));
    Word* old = current.exchange(new Word, std::memory_order_acq_rel);
    retired.retire(old, &Word::free, sizeof(Word));
    retired.drop_reservations();
    for (int looks = 0; looks < 100 && !retired.empty(); ++looks) {
      retired.collect(periods);
      std::this_thread::yield();
    }
  }
  done.store(true);
  for (std::thread& reader : readers) reader.join();
  while (!retired.empty()) retired.collect(periods);
  delete current.load();
}

}  // namespace flashkv::reclaim::test
