// Small programs of submitters and a writer that sleeps, and of a writer and a request thread that sleeps.
// Nobody's sleep has a limit: a lost wake-up is a deadlock.
#pragma once

#include "storage/request/completion_stack.h"
#include "storage/request/doorbell.h"
#include "storage/request/request_queue.h"
#include "tests/model/checked_sync.h"

namespace flashkv::model {

// As much of a Request as queues touch, and what its owner wrote into it.
struct Item {
  RequestKind kind = RequestKind::kMutation;
  std::uint64_t bytes = 1;
  sync::Plain<Item*> next{nullptr};
  sync::Plain<unsigned> payload{0};
};

template <typename Bell, typename Queue>
struct QueueProgram {
  const StoreLimits limits;
  Queue queue{limits};
  Bell bell;
  Item items[2];

  void submit(Item& item) {
    item.payload = 7;
    if (queue.push(item) == Admission::kAccepted) bell.ring();
  }
  void sleep() {
    bell.arm();
    if (queue.idle()) bell.sleep(kNever);
    bell.disarm();
  }
  // How many requests have come, each as it was pushed.
  unsigned take() {
    unsigned count = 0;
    for (Item* item = queue.take_work(); item != nullptr; ++count) {
      RL_ASSERT(item->payload == 7);
      Item* const following = item->next;
      queue.leave_work(1, 1);
      item = following;
    }
    for (Item* item = queue.take_control(); item != nullptr; ++count) {
      RL_ASSERT(item->payload == 7);
      Item* const following = item->next;
      queue.leave_control(1);
      item = following;
    }
    return count;
  }
};

// W1, W2: two submitters, one in each lane.
template <typename Bell, typename Queue>
struct Submitters : QueueProgram<Bell, Queue>, rl::test_suite<Submitters<Bell, Queue>, 3> {
  Submitters() { this->items[1].kind = RequestKind::kPublish; }
  void thread(unsigned index) {
    if (index != 0) return this->submit(this->items[index - 1]);
    for (unsigned taken = this->take(); taken < 2; taken += this->take()) this->sleep();
  }
};

// W1: one submitter again and again.
template <typename Bell, typename Queue>
struct Resubmitter : QueueProgram<Bell, Queue>, rl::test_suite<Resubmitter<Bell, Queue>, 2> {
  void thread(unsigned index) {
    if (index != 0) {
      for (Item& item : this->items) this->submit(item);
      return;
    }
    for (unsigned taken = this->take(); taken < 2; taken += this->take()) this->sleep();
  }
};

// W1: closing wakes the writer, too. Once drained() returns true, what was accepted has been taken, and a
// request that was refused as too large no longer counts.
template <typename Bell, typename Queue, bool kTooLarge>
struct Closing : QueueProgram<Bell, Queue>, rl::test_suite<Closing<Bell, Queue, kTooLarge>, 3> {
  Admission admission = Admission::kClosed;
  unsigned taken = 0;

  void thread(unsigned index) {
    if (index == 0) {
      while (!this->queue.drained()) {
        this->sleep();
        sync::pause();
        taken += this->take();
      }
      RL_ASSERT(this->queue.bytes() == 0);
    } else if (index == 1) {
      if (kTooLarge) this->items[0].bytes = ~std::uint64_t{0};
      this->items[0].payload = 7;
      admission = this->queue.push(this->items[0]);
      if (admission == Admission::kAccepted) this->bell.ring();
    } else {
      this->queue.close();
      this->bell.ring();
    }
  }
  void after() { RL_ASSERT(taken == (admission == Admission::kAccepted ? 1U : 0U)); }
};

// The alarm of an Inbox: to set it while it is set, or while the thread still handles its event, is a fault.
class Alarm {
 public:
  void set() {
    RL_ASSERT(!pending_);
    pending_ = true;
    event_.store(1, sync::kRelease);
    sync::wake_word(event_);
  }
  void await() {
    while (event_.load(sync::kAcquire) == 0) sync::wait_word(event_, 0, kNever);
    event_.store(0, sync::kRelaxed);
    pending_ = false;
  }

 private:
  sync::Plain<bool> pending_{false};
  sync::Atomic<std::uint32_t> event_{0};
};

// W3, W4: a writer that hands over two lists, and another thread that calls notify().
template <typename Stack>
struct Completions : rl::test_suite<Completions<Stack>, 3> {
  Stack stack;
  Alarm alarm;
  Item items[3];

  void give(Item& first) {
    for (Item* item = &first; item != nullptr; item = item->next) item->payload = 7;
    if (stack.push(&first)) alarm.set();
  }
  void thread(unsigned index) {
    if (index == 0) {
      bool notified = false;
      for (unsigned count = 0; count < 3 || !notified;) {
        alarm.await();
        const auto taken = stack.take();
        notified = notified || taken.notified;
        const Item* last = nullptr;
        for (Item* item = taken.oldest; item != nullptr; item = item->next, ++count) {
          RL_ASSERT(item->payload == 7);
          RL_ASSERT(last < item);  // the oldest first
          last = item;
        }
      }
    } else if (index == 1) {
      items[0].next = &items[1];
      give(items[0]);
      give(items[2]);
    } else if (stack.notify()) {
      alarm.set();
    }
  }
};

}  // namespace flashkv::model
