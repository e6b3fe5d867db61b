// Access to the published table of cuckoo-deletion-lock, and the freeing of old tables.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>

#include "storage/engine/cuckoo/table.h"
#include "storage/reclaim/deletion_lock.h"
#include "storage/reclaim/retire_list.h"
#include "storage/sync/sync.h"

namespace flashkv::cuckoo {

// Purpose: one slot of the deletion lock for each table. A table is freed when its own slot is drained,
//          whatever readers of other tables hold; a record that was removed from it may also be in older
//          tables, and is freed when every slot in use at that time has been drained (I4).
// Threads: enter() and leave() from any, all else from one writer.
// Lifetime: owns the published and the retired tables.
// Limits:  readers can hold 15 old tables at a time; then no further batch can begin.
class DeletionLockAccess {
  using Lock = reclaim::DeletionLock<16>;

 public:
  static constexpr std::string_view kName = "cuckoo-deletion-lock";
  static constexpr ReadRmw kReadRmw = ReadRmw::kTwo;
  static constexpr bool kLeaks = false;

  struct Held {
    const Table* table;
    Lock::Slot slot;
  };

  explicit DeletionLockAccess(Table* first) noexcept { tables_[lock_.current()] = first; }
  DeletionLockAccess(const DeletionLockAccess&) = delete;
  DeletionLockAccess& operator=(const DeletionLockAccess&) = delete;
  ~DeletionLockAccess() {
    for (Table* table : tables_) Table::destroy(table);
  }

  Held enter() noexcept {
    const Lock::Slot slot = lock_.enter();
    return {tables_[slot], slot};
  }
  void leave(const Held& held) noexcept { lock_.leave(held.slot); }

  Table& current() noexcept { return *tables_[lock_.current()]; }
  const Table& current() const noexcept { return *tables_[lock_.current()]; }
  // For the engine's destructor: the caller takes over the table.
  Table* take_current() noexcept { return std::exchange(tables_[lock_.current()], nullptr); }

  // Whether publish() may be called.
  bool has_room() const noexcept { return (retired_ | bit(lock_.current())) != kAll; }
  void publish(Table* table) noexcept {
    Lock::Slot to = 0;
    while (to == lock_.current() || (retired_ & bit(to)) != 0) ++to;
    tables_[to] = table;
    const Lock::Slot old = lock_.advance_to(to);  // (I1), (I2)
    retired_ |= bit(old);
    retired_bytes_ += tables_[old]->bytes();
  }

  void end_batch(reclaim::RetireList& list) noexcept { list.begin(*this); }
  void collect(reclaim::RetireList& list) noexcept {
    free_drained();
    list.collect(*this);
  }
  std::uint64_t retired_bytes() const noexcept { return retired_bytes_; }

  // A PeriodCounter with one period at a time: it ends when the slots retired at its start have been drained.
  reclaim::Ticket start() noexcept {
    awaited_ = retired_;
    return ++period_;
  }
  bool ended(reclaim::Ticket period) noexcept {
    free_drained();
    return period < period_ || awaited_ == 0;
  }

 private:
  using Slots = std::uint32_t;  // one bit per slot
  static constexpr Slots kAll = (Slots{1} << Lock::slots()) - 1;
  static constexpr Slots bit(Lock::Slot slot) noexcept { return Slots{1} << slot; }

  void free_drained() noexcept {
    for (Lock::Slot slot = 0; slot < Lock::slots(); ++slot) {
      if ((retired_ & bit(slot)) == 0 || !lock_.drained(slot)) continue;
      retired_bytes_ -= tables_[slot]->bytes();
      Table::destroy(std::exchange(tables_[slot], nullptr));
      retired_ &= ~bit(slot);
      awaited_ &= ~bit(slot);
    }
  }

  alignas(sync::kOwnLine) Lock lock_;
  alignas(sync::kOwnLine) Table* tables_[Lock::slots()] = {};
  Slots retired_ = 0;  // slots whose tables readers may still hold
  Slots awaited_ = 0;  // by the period under way
  reclaim::Ticket period_ = 0;
  std::uint64_t retired_bytes_ = 0;
};

}  // namespace flashkv::cuckoo
