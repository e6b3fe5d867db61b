// Finished requests on their way from the writer to one request thread, and when that thread has to be woken.
#pragma once

#include <utility>

#include "storage/request/request.h"
#include "storage/sync/sync.h"

namespace flashkv {

// The memory orders of CompletionStack.
//
// Invariant W3: nothing that was handed over stays behind without a wake-up under way. A producer adds to a
// word (the list, the flag of notify()) and then sets `woken`; the consumer resets `woken` and then takes the
// word. Both change that word by a read-modify-write, so one of the two comes first in its order of changes.
// If the producer does, the consumer finds what it added. If the consumer does, the producer acquires what
// the consumer released, the reset included, and finds `woken` reset: it wakes the consumer again. Sequential
// consistency would add nothing; plain loads and stores of the word would need it.
// Invariant W4: the consumer sees what the writer wrote into a request before it handed it over.
struct CompletionOrders {
  static constexpr sync::MemoryOrder kGive = sync::kAcqRel;   // (W3: acquire; W4: release)
  static constexpr sync::MemoryOrder kTake = sync::kAcqRel;   // (W3: release; W4: acquire)
  static constexpr sync::MemoryOrder kWake = sync::kAcquire;  // the last wake-up is over before the next (W3)
  static constexpr sync::MemoryOrder kReset = sync::kRelease;
};

// Purpose: a stack of finished requests that one thread takes at once. Tells who has to wake that thread: one
//          producer for all that is handed over until it comes.
// Usage:   producer:  if (stack.push(oldest)) wake_consumer();     if (stack.notify()) wake_consumer();
//          consumer, once it was woken:  auto [request, notified] = stack.take();
// Threads: push() and notify() from any; take() from one consumer, once for each time they returned true.
// Cost:    push(): a walk of the list and two read-modify-writes; take(): two, and a walk.
template <typename Item, typename Orders>
class BasicCompletionStack {
 public:
  struct Taken {
    Item* oldest;   // linked through next
    bool notified;  // notify() was called since the last take()
  };

  // A list linked through next, oldest first, not empty. True: the caller wakes the consumer.
  bool push(Item* oldest) noexcept {
    Item* const last = oldest;
    Item* const newest = reversed(oldest);
    Item* head = newest_.load(sync::kRelaxed);
    do {
      last->next = head;
    } while (!newest_.compare_exchange_weak(head, newest, Orders::kGive, sync::kRelaxed));
    return !woken_.exchange(true, Orders::kWake);
  }
  // Without a request. True: the caller wakes the consumer.
  bool notify() noexcept {
    notified_.exchange(true, Orders::kGive);
    return !woken_.exchange(true, Orders::kWake);
  }
  Taken take() noexcept {
    woken_.store(false, Orders::kReset);  // first (W3)
    Item* const newest = newest_.exchange(nullptr, Orders::kTake);
    return {reversed(newest), notified_.exchange(false, Orders::kTake)};
  }

 private:
  // The same list, last first.
  static Item* reversed(Item* first) noexcept {
    Item* head = nullptr;
    while (first != nullptr) {
      Item* const next = first->next;
      first->next = head;
      head = std::exchange(first, next);
    }
    return head;
  }

  alignas(64) sync::Atomic<Item*> newest_{nullptr};
  sync::Atomic<bool> woken_{false};  // a wake-up is under way: it must not be started again
  sync::Atomic<bool> notified_{false};
};
using CompletionStack = BasicCompletionStack<Request, CompletionOrders>;

}  // namespace flashkv
