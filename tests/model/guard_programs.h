// Small programs of one writer and a few readers around a guard policy. relacy runs each under many random
// schedules and fails it on a data race, a false RL_ASSERT, a deadlock, a leak, or a loop that never ends.
#pragma once

#include <cstdint>

#include "storage/engine/flashmap/guard_publish.h"
#include "tests/model/checked_sync.h"

namespace flashkv::flashmap::model {

// What a test takes away: the numbers that tell one use of a half from the next (I9).
inline bool generations_differ = true;

// Not atomic: reading it while the writer changes it, or without a happens-before between the two, is a race.
struct Half {
  rl::var<unsigned> revision;
  rl::var<unsigned> twin;
  rl::var<std::uintptr_t> word;

  void set_generation(std::uintptr_t generation) {
    word(RL_INFO) = generations_differ ? generation : generation & 1U;
  }
  std::uintptr_t generation() const { return word(RL_INFO); }
  void set(unsigned value) {
    revision(RL_INFO) = value;
    twin(RL_INFO) = value;
  }
  // I1: a guard sees a whole half.
  unsigned read() const {
    const unsigned first = revision(RL_INFO);
    const unsigned second = twin(RL_INFO);
    RL_ASSERT(first == second);
    return first;
  }
};

inline Half* cleared(Half& half) {
  half.set(0);
  half.set_generation(1);
  return &half;
}

// The halves under a policy, and what the threads do with them: the writer publishes by the engine's own
// sequence.
template <typename Guards>
struct Program {
  using Reader = typename Guards::Reader;
  using Held = typename Guards::Held;

  Half halves[2];
  Guards guards{cleared(halves[0]), cleared(halves[1])};
  PublishedRevision published;
  sync::Atomic<unsigned> turn{0};  // others may run here; between plain reads alone they could not

  explicit Program(unsigned membarrier_failures = 0) {
    sync::ticks = 0;
    sync::membarrier_failures = membarrier_failures;
  }

  void publish(unsigned revision) {
    published.publish(guards, revision, [&] { guards.other()->set(revision); });
  }
  void write(unsigned revision) {
    RL_ASSERT(guards.wait_drained(kNever));
    publish(revision);
  }
  // I5: a guard opened after a publish sees it.
  Held open(Reader& reader) {
    const std::uint64_t newest = published.load();
    const Held half = reader.enter();
    RL_ASSERT(half->read() >= newest);
    return half;
  }
  // I1: nothing has changed since it was opened.
  void close(Reader& reader, Held half) {
    const unsigned seen = half->read();
    static_cast<void>(turn.load(sync::kRelaxed));
    RL_ASSERT(half->read() == seen);
    reader.leave(half);
  }
  // Thread 0 publishes; another opens one guard after the other.
  void write_or_read(unsigned index) {
    if (index == 0) {
      for (unsigned revision = 1; revision <= 3; ++revision) write(revision);
      return;
    }
    auto reader = guards.make_reader();
    for (int i = 0; i < 2; ++i) close(reader, open(reader));
  }
};

// I1, I5: a reader opens one guard after the other while the writer publishes.
template <typename Guards>
struct OneReader : Program<Guards>, rl::test_suite<OneReader<Guards>, 2> {
  void thread(unsigned index) { this->write_or_read(index); }
};

// The same with a membarrier() that fails twice: the half counts as held until one has worked.
template <typename Guards>
struct FailingMembarrier : Program<Guards>, rl::test_suite<FailingMembarrier<Guards>, 2> {
  FailingMembarrier() : Program<Guards>(2) {}
  void thread(unsigned index) { this->write_or_read(index); }
};

// I1, I5 with two readers: the slot of the one that has left must not hide the other's.
template <typename Guards>
struct TwoReaders : Program<Guards>, rl::test_suite<TwoReaders<Guards>, 3> {
  void thread(unsigned index) {
    if (index == 0) {
      for (unsigned revision = 1; revision <= 2; ++revision) this->write(revision);
      return;
    }
    auto reader = this->guards.make_reader();
    this->close(reader, this->open(reader));
  }
};

// I1: nested guards, the outer one dropped first.
template <typename Guards>
struct NestedGuards : Program<Guards>, rl::test_suite<NestedGuards<Guards>, 2> {
  void thread(unsigned index) {
    if (index == 0) {
      for (unsigned revision = 1; revision <= 2; ++revision) this->write(revision);
      return;
    }
    auto reader = this->guards.make_reader();
    const auto outer = this->open(reader);
    const auto inner = reader.enter();
    this->close(reader, outer);
    this->close(reader, inner);
    this->close(reader, this->open(reader));
  }
};

// I1: an inner guard outlives the outer one and stays open while newer ones come and go, or ends just before
// one.
template <typename Guards, bool kStays>
struct OutlivedGuard : Program<Guards>, rl::test_suite<OutlivedGuard<Guards, kStays>, 2> {
  void thread(unsigned index) {
    if (index == 0) {
      for (unsigned revision = 1; revision <= 3; ++revision) this->write(revision);
      return;
    }
    auto reader = this->guards.make_reader();
    const auto outer = reader.enter();
    const auto inner = reader.enter();
    this->close(reader, outer);
    if (!kStays) this->close(reader, inner);
    this->close(reader, reader.enter());
    if (kStays) this->close(reader, inner);
  }
};

// I1, I5 while readers come and go: each reads through a reader of its own and drops it.
template <typename Guards>
struct ReaderChurn : Program<Guards>, rl::test_suite<ReaderChurn<Guards>, 3> {
  void thread(unsigned index) {
    if (index == 0) {
      for (unsigned revision = 1; revision <= 2; ++revision) this->write(revision);
      return;
    }
    for (int i = 0; i < 2; ++i) {
      auto reader = this->guards.make_reader();
      this->close(reader, this->open(reader));
    }
  }
};

// I2: a writer whose wait may run out swaps only after wait_drained() returned true; it gives up after a few
// tries.
template <typename Guards>
struct ImpatientWriter : Program<Guards>, rl::test_suite<ImpatientWriter<Guards>, 2> {
  void thread(unsigned index) {
    if (index == 0) {
      unsigned revision = 1;
      for (int attempt = 0; attempt < 4 && revision <= 2; ++attempt) {
        if (this->guards.wait_drained(attempt % 2)) this->publish(revision++);
      }
      return;
    }
    auto reader = this->guards.make_reader();
    for (int i = 0; i < 2; ++i) this->close(reader, this->open(reader));
  }
};

// The writer sleeps without a limit, so a lost wake-up is a deadlock. Two residual guards race to be the
// last.
template <typename Guards>
struct SleepingWriter : Program<Guards>, rl::test_suite<SleepingWriter<Guards>, 3> {
  typename Guards::Reader readers[2] = {this->guards.make_reader(), this->guards.make_reader()};
  typename Guards::Held held[2] = {readers[0].enter(), readers[1].enter()};

  void thread(unsigned index) {
    if (index == 0) {
      this->publish(1);
      this->write(2);
      return;
    }
    this->close(readers[index - 1], held[index - 1]);
  }
};

// A guard is left by another thread (counting guards only).
template <typename Guards>
struct HandedGuard : Program<Guards>, rl::test_suite<HandedGuard<Guards>, 3> {
  typename Guards::Reader reader = this->guards.make_reader();
  sync::Atomic<const Half*> handed{nullptr};

  void thread(unsigned index) {
    if (index == 0) {
      for (unsigned revision = 1; revision <= 2; ++revision) this->write(revision);
    } else if (index == 1) {
      handed.store(this->open(reader), sync::kRelease);
      this->close(reader, this->open(reader));
    } else {
      const Half* half = handed.load(sync::kAcquire);
      while (half == nullptr) {
        sync::pause();
        half = handed.load(sync::kAcquire);
      }
      this->close(reader, half);
    }
  }
};

}  // namespace flashkv::flashmap::model
