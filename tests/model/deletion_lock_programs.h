// Small programs of one writer that replaces tables and some readers that look, around a deletion lock.
#pragma once

#include "tests/model/checked_sync.h"

namespace flashkv::reclaim::model {

// Not atomic: to free a table under a reader, or without a happens-before between the two, is a race.
struct Table {
  static constexpr unsigned kFreed = ~0U;
  rl::var<unsigned> value;
};

template <unsigned kTables>
struct Tables {
  Table tables[kTables];
  sync::Atomic<unsigned> turn{0};  // where others may run; between plain reads alone they could not

  Tables() {
    for (unsigned i = 0; i < kTables; ++i) tables[i].value(RL_INFO) = i;
  }
  void free(unsigned table) { tables[table].value(RL_INFO) = Table::kFreed; }
  void look(unsigned table) {
    RL_ASSERT(tables[table].value(RL_INFO) == table);
    static_cast<void>(turn.load(sync::kRelaxed));
    RL_ASSERT(tables[table].value(RL_INFO) == table);
  }
};

// The slot leads to the table.
template <typename Lock, unsigned kTables>
struct BySlot : Tables<kTables> {
  Lock lock;
  rl::var<unsigned> table_of[Lock::slots()];

  BySlot() { table_of[0](RL_INFO) = 0; }
  void read() {
    const auto slot = lock.enter();
    this->look(table_of[slot](RL_INFO));
    lock.leave(slot);
  }
  auto replace(unsigned with) {
    while (!lock.next_is_free()) sync::pause();
    table_of[lock.next()](RL_INFO) = with;
    return lock.advance();
  }
  void await(typename Lock::Slot slot) {
    while (!lock.drained(slot)) sync::pause();
  }
  void write(unsigned replacements) {
    for (unsigned i = 0; i < replacements; ++i) {
      await(replace(i + 1));
      this->free(i);
    }
  }
};

// A reader enters again and again while slots are used for the second and third time.
template <typename Lock>
struct OneReader : BySlot<Lock, 4>, rl::test_suite<OneReader<Lock>, 2> {
  void thread(unsigned index) {
    if (index == 0) return this->write(3);
    for (int i = 0; i < 3; ++i) this->read();
  }
};

// Two readers: that one has left must not hide the other.
template <typename Lock>
struct TwoReaders : BySlot<Lock, 3>, rl::test_suite<TwoReaders<Lock>, 3> {
  void thread(unsigned index) {
    if (index == 0) return this->write(2);
    for (int i = 0; i < 2; ++i) this->read();
  }
};

// A reader that is inside twice, perhaps in two slots.
template <typename Lock>
struct NestedEntries : BySlot<Lock, 3>, rl::test_suite<NestedEntries<Lock>, 2> {
  void thread(unsigned index) {
    if (index == 0) return this->write(2);
    const auto slot = this->lock.enter();
    const unsigned table = this->table_of[slot](RL_INFO);
    this->read();
    this->look(table);
    this->lock.leave(slot);
    this->read();
  }
};

// Tables are freed in whatever order their slots drain; a slot that is drained is drained for good.
template <typename Lock>
struct LateCollection : BySlot<Lock, 3>, rl::test_suite<LateCollection<Lock>, 3> {
  static_assert(Lock::slots() > 2);
  void thread(unsigned index) {
    if (index != 0) {
      for (int i = 0; i < 2; ++i) this->read();
      return;
    }
    const auto first = this->replace(1);
    const auto second = this->replace(2);
    this->await(second);
    this->free(1);
    this->await(first);
    this->free(0);
  }
};

// The slot only keeps what is found by another pointer.
template <typename Lock>
struct OtherWay : Tables<4>, rl::test_suite<OtherWay<Lock>, 2> {
  Lock lock;
  sync::Atomic<unsigned> current{0};

  void thread(unsigned index) {
    if (index != 0) {
      for (int i = 0; i < 3; ++i) {
        const auto slot = lock.enter();
        look(current.load(sync::kAcquire));
        lock.leave(slot);
      }
      return;
    }
    for (unsigned i = 0; i < 3; ++i) {
      current.store(i + 1, sync::kRelease);
      const auto old = lock.advance();
      while (!lock.drained(old)) sync::pause();
      free(i);
    }
  }
};

// The lock as it is often described: the counter stands in the table. A reader loads the pointer and then
// adds one to the counter; the writer takes one off that nobody added; who brings it below zero frees. All of
// it sequentially consistent: what is wrong is not an order. kOneStep takes load and addition under a mutex.
template <bool kOneStep>
struct CounterInTheTable : Tables<3>, rl::test_suite<CounterInTheTable<kOneStep>, 2> {
  struct Counter {
    sync::Atomic<int> inside{0};
  };
  Counter counters[3];
  sync::Atomic<unsigned> current{0};
  sync::Mutex step;

  void leave(unsigned table) {
    if (counters[table].inside.fetch_sub(1, sync::kSeqCst) == 0) free(table);
  }
  unsigned enter() {
    if (kOneStep) step.lock();
    const unsigned table = current.load(sync::kSeqCst);
    counters[table].inside.fetch_add(1, sync::kSeqCst);
    if (kOneStep) step.unlock();
    return table;
  }
  void thread(unsigned index) {
    if (index != 0) {
      for (int i = 0; i < 2; ++i) {
        const unsigned table = enter();
        look(table);
        leave(table);
      }
      return;
    }
    for (unsigned i = 0; i < 2; ++i) {
      if (kOneStep) step.lock();
      current.store(i + 1, sync::kSeqCst);
      if (kOneStep) step.unlock();
      leave(i);
    }
  }
};

}  // namespace flashkv::reclaim::model
