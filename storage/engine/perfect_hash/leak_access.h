// How readers of perfect-hash-leak reach what a slot leads to: by its address, with nothing to announce.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "storage/engine/perfect_hash/parameters.h"
#include "storage/engine/perfect_hash/slot_value.h"
#include "storage/reclaim/retire_list.h"
#include "storage/sync/sync.h"
#include "storage/table/engine.h"

namespace flashkv::perfect_hash {

// Purpose: which reader holds a bucket is unknown, so none is freed before the engine is destroyed; nor is
//          any record or chain, because an old bucket leads to them (I4). What is kept is counted.
// Threads: Pin from any; all else from one writer.
// Lifetime: owns what was retired.
template <typename P = ServedParameters>
class LeakAccess {
 public:
  using Parameters = P;
  static constexpr std::string_view kName = "perfect-hash-leak";
  static constexpr ReadRmw kReadRmw = ReadRmw::kNone;
  static constexpr bool kLeaks = true;

  struct Slot {
    sync::Atomic<std::uintptr_t> content{0};
  };

  // Keeps nothing alive: nothing is freed.
  class Pin {
   public:
    explicit Pin(LeakAccess&) noexcept {}
    void expect(std::size_t) noexcept {}
    // (I1)
    SlotValue read(const Slot& slot) noexcept { return SlotValue(slot.content.load(P::Orders::kRead)); }
  };

  // The list for the slot's garbage, with room for `entries` more; null when memory is short.
  reclaim::RetireList* reserve(Slot&, Slot*, std::size_t entries) noexcept {
    return kept_.reserve(entries) ? &kept_ : nullptr;
  }
  void retire_readers(reclaim::RetireList&) const noexcept {}
  void drop_reservations() noexcept { kept_.drop_reservations(); }
  void collect() noexcept {}
  std::uint64_t retired_bytes() const noexcept { return kept_.bytes(); }

 private:
  reclaim::RetireList kept_;  // begin() is never called
};

}  // namespace flashkv::perfect_hash
