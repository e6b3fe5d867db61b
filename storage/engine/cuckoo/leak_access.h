// Access to the published table of cuckoo-leak: readers load its address and announce nothing.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>

#include "storage/engine/cuckoo/table.h"
#include "storage/reclaim/retire_list.h"
#include "storage/sync/sync.h"

namespace flashkv::cuckoo {

// Purpose: which table a reader holds is unknown, so no table is freed before the engine is destroyed; and
//          because an old table leads to the records of its time, neither is any record (I4). Kept memory is
//          counted.
// Threads: enter() and leave() from any, all else from one writer.
// Lifetime: owns the published table and all its predecessors.
// Cost:    enter() is a load, leave() nothing.
class LeakAccess {
 public:
  static constexpr std::string_view kName = "cuckoo-leak";
  static constexpr ReadRmw kReadRmw = ReadRmw::kNone;
  static constexpr bool kLeaks = true;

  struct Held {
    const Table* table;
  };

  explicit LeakAccess(Table* first) noexcept : current_(first) {}
  LeakAccess(const LeakAccess&) = delete;
  LeakAccess& operator=(const LeakAccess&) = delete;
  ~LeakAccess() {
    Table::destroy(current_.load(sync::kRelaxed));
    while (kept_ != nullptr) Table::destroy(std::exchange(kept_, kept_->next_kept));
  }

  Held enter() const noexcept { return {current_.load(sync::kAcquire)}; }  // (I1)
  void leave(const Held&) const noexcept {}

  Table& current() noexcept { return *current_.load(sync::kRelaxed); }
  const Table& current() const noexcept { return *current_.load(sync::kRelaxed); }
  // For the engine's destructor: the caller takes over the table.
  Table* take_current() noexcept { return current_.exchange(nullptr, sync::kRelaxed); }

  bool has_room() const noexcept { return true; }
  void publish(Table* table) noexcept {
    Table* old = &current();
    current_.store(table, sync::kRelease);  // (I1), (I2)
    old->next_kept = kept_;
    kept_ = old;
    kept_bytes_ += old->bytes();
  }

  // Nothing in the list is ever freed either.
  void end_batch(reclaim::RetireList&) const noexcept {}
  void collect(reclaim::RetireList&) const noexcept {}
  std::uint64_t retired_bytes() const noexcept { return kept_bytes_; }

 private:
  alignas(sync::kOwnLine) sync::Atomic<Table*> current_;
  alignas(sync::kOwnLine) Table* kept_ = nullptr;
  std::uint64_t kept_bytes_ = 0;
};

}  // namespace flashkv::cuckoo
