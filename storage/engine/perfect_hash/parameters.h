// What the served engines are made with, and what a model checker makes smaller or weaker.
#pragma once

#include <cstddef>

#include "storage/engine/perfect_hash/zeroed_slots.h"
#include "storage/reclaim/deletion_lock.h"
#include "storage/sync/sync.h"

namespace flashkv::perfect_hash {

// The memory orders of slots, of the array where readers begin, and of the revision, each with what it is
// needed for. The writer reads its own stores relaxed.
struct SlotOrders {
  // A reader that loads a slot sees the whole bucket, chain or record that it leads to (I1).
  static constexpr sync::MemoryOrder kShow = sync::kRelease;
  static constexpr sync::MemoryOrder kRead = sync::kAcquire;
  // A move fills slots that no reader can come to yet: both ways there, the mark and readable(), are stored
  // later and with release (I2).
  static constexpr sync::MemoryOrder kFill = sync::kRelaxed;
  // A reader that loads the mark, by kRead, sees the next array and the slots that were filled there (I2).
  static constexpr sync::MemoryOrder kMark = sync::kRelease;
  // A reader that begins at an array sees it filled by every slot of the array before (I2).
  static constexpr sync::MemoryOrder kPass = sync::kRelease;
  static constexpr sync::MemoryOrder kBegin = sync::kAcquire;
  // A reader that loads a revision sees the slots that were stored for it (I1).
  static constexpr sync::MemoryOrder kPublish = sync::kRelease;
  static constexpr sync::MemoryOrder kRevision = sync::kAcquire;
};

struct ServedParameters {
  using Orders = SlotOrders;
  using LockOrders = reclaim::DeletionLockOrders;
  template <typename Slot>
  using Slots = ZeroedSlots<Slot>;

  // An array has 2^kStepLog2 times the slots of the one before it, and at most 2^kMaxLog2.
  static constexpr unsigned kStepLog2 = 8;
  static constexpr unsigned kMaxLog2 = 32;
  // Words a slot at which the next array is made: from 16 words a slot to 16 slots a word.
  static constexpr std::size_t kMostLoad = 16;
  // Locks of single slots that a guard holds before it takes the one for all slots.
  static constexpr std::size_t kMostHeld = 16;
};

}  // namespace flashkv::perfect_hash
