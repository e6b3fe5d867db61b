// Access to the published table of cuckoo-rwlock: readers share its lock.
#pragma once

#include <pthread.h>

#include <cerrno>
#include <cstdint>
#include <new>
#include <utility>

#include "storage/engine/cuckoo/table.h"
#include "storage/sync/sync.h"

namespace flashkv::cuckoo {

// Purpose: two tables, each with a readers-writer lock, and which of them is published. A reader shares the
//          published table's lock for as long as it reads. The writer changes only the other table, after it
//          has held that table's lock exclusively for a moment: a reader that takes the lock later sees that
//          the table is not published, and leaves without reading it (I1).
// Threads: enter() and leave() of one guard from one thread; all else from one writer.
// Lifetime: owns both tables.
// Cost:    enter(): a shared lock, which all readers write to. No thread sleeps on a lock: a reader that
//          finds it held by the writer goes to the table that is published now. The writer does not starve,
//          whichever side the lock prefers: new readers go to the other table.
class RwlockAccess {
 public:
  struct Held {
    const Table* table;
    unsigned half;
  };

  RwlockAccess() : halves_{Table::make_first(), nullptr} {
    halves_[1] = halves_[0]->copy();
    if (halves_[1] != nullptr) return;
    Table::destroy(halves_[0]);
    throw std::bad_alloc();
  }
  RwlockAccess(const RwlockAccess&) = delete;
  RwlockAccess& operator=(const RwlockAccess&) = delete;
  ~RwlockAccess() {
    for (Table* table : halves_) Table::destroy(table);
  }

  Held enter() noexcept {
    for (;;) {
      const unsigned half = published_.load(sync::kRelaxed);
      if (!locks_[half].try_share()) continue;  // the writer holds it: published_ names the other half
      if (published_.load(sync::kAcquire) == half) return {halves_[half], half};  // (I1)
      locks_[half].unlock();
    }
  }
  void leave(const Held& held) noexcept { locks_[held.half].unlock(); }

  Table& current() noexcept { return *halves_[readable_]; }
  const Table& current() const noexcept { return *halves_[readable_]; }

  // Returns true if no reader is in the other table and none will read it before it is published. It may then
  // be taken out, and comes back through publish().
  bool other_is_free() noexcept {
    Lock& lock = locks_[1 - readable_];
    if (!lock.try_own()) return false;
    lock.unlock();
    return true;
  }
  Table* take_other() noexcept { return std::exchange(halves_[1 - readable_], nullptr); }
  void publish(Table* table) noexcept {
    readable_ = 1 - readable_;
    halves_[readable_] = table;
    published_.store(readable_, sync::kRelease);  // (I1), (I2)
  }
  // For the engine's destructor: the caller takes over the table.
  Table* take_current() noexcept { return std::exchange(halves_[readable_], nullptr); }
  std::uint64_t other_bytes() const noexcept {
    const Table* table = halves_[1 - readable_];
    return table == nullptr ? 0 : table->bytes();
  }

 private:
  // One thread may share it several times, which std::shared_mutex forbids.
  class alignas(sync::kOwnLine) Lock {
   public:
    Lock() = default;
    Lock(const Lock&) = delete;
    Lock& operator=(const Lock&) = delete;
    ~Lock() { pthread_rwlock_destroy(&lock_); }
    // Returns false if the writer has it.
    bool try_share() noexcept {
      const int error = pthread_rwlock_tryrdlock(&lock_);
      if (error != 0 && error != EBUSY) sync::fatal("more guards open than a lock can count");
      return error == 0;
    }
    bool try_own() noexcept { return pthread_rwlock_trywrlock(&lock_) == 0; }
    void unlock() noexcept { pthread_rwlock_unlock(&lock_); }

   private:
    pthread_rwlock_t lock_ = PTHREAD_RWLOCK_INITIALIZER;
  };

  Lock locks_[2];
  alignas(sync::kOwnLine) sync::Atomic<unsigned> published_{0};
  unsigned readable_ = 0;  // the writer's own copy
  Table* halves_[2];
};

}  // namespace flashkv::cuckoo
