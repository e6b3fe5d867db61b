// The perfect-hash engines under a model checker while keys move to larger arrays: as they are, and with each
// memory order of the move and of the reader weakened.
#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <new>

#include "tests/model/perfect_hash_programs.h"
#include "tests/model/weakening.h"

// relacy replaces the other one only.
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return ::operator new(size); }

namespace flashkv::perfect_hash::model {
namespace {

using flashmap::model::expect_caught;
using flashmap::model::expect_sound;
using flashmap::model::name_of;
using flashmap::model::Weakened;
using flashmap::model::WeakenedOrder;

struct Orders {
  static inline sync::MemoryOrder kShow = SlotOrders::kShow;
  static inline sync::MemoryOrder kRead = SlotOrders::kRead;
  static inline sync::MemoryOrder kFill = SlotOrders::kFill;
  static inline sync::MemoryOrder kMark = SlotOrders::kMark;
  static inline sync::MemoryOrder kPass = SlotOrders::kPass;
  static inline sync::MemoryOrder kBegin = SlotOrders::kBegin;
  static inline sync::MemoryOrder kPublish = SlotOrders::kPublish;
  static inline sync::MemoryOrder kRevision = SlotOrders::kRevision;
};
struct LockOrders {
  static inline sync::MemoryOrder kAdvance = reclaim::DeletionLockOrders::kAdvance;
  static inline sync::MemoryOrder kEnter = reclaim::DeletionLockOrders::kEnter;
  static inline sync::MemoryOrder kLeave = reclaim::DeletionLockOrders::kLeave;
  static inline sync::MemoryOrder kLook = reclaim::DeletionLockOrders::kLook;
};
using Small = SmallParameters<Orders, LockOrders>;
using Freeing = PerfectHash<DeletionLockAccess<Small>>;
using Leaking = PerfectHash<LeakAccess<Small>>;

TEST(PerfectHashModel, AKeyIsFoundWhileItMoves) { expect_sound<MovesTwice<Leaking, 1>>(); }
TEST(PerfectHashModel, AKeyIsFoundWhileItMovesTwiceInABatch) { expect_sound<MovesAtOnce<Leaking>>(); }
TEST(PerfectHashModel, NothingIsFreedUnderAReader) { expect_sound<MovesTwice<Freeing, 1>>(); }
TEST(PerfectHashModel, NothingIsFreedUnderTwoReaders) { expect_sound<MovesTwice<Freeing, 2>>(); }
TEST(PerfectHashModel, NothingIsFreedUnderAReaderOfADraftThatMoved) { expect_sound<MovesAtOnce<Freeing>>(); }

// The orders of the move and of the reader, for both engines: entering a lock must not be what orders the
// rest.
class WeakenedMove : public testing::TestWithParam<WeakenedOrder> {};
TEST_P(WeakenedMove, IsCaughtWithoutLocks) {
  const Weakened weakened(*GetParam().order, GetParam().weaker);
  expect_caught<MovesTwice<Leaking, 1>, MovesAtOnce<Leaking>>();
}
TEST_P(WeakenedMove, IsCaughtWithLocks) {
  const Weakened weakened(*GetParam().order, GetParam().weaker);
  expect_caught<MovesTwice<Freeing, 1>, MovesAtOnce<Freeing>>();
}
INSTANTIATE_TEST_SUITE_P(Model, WeakenedMove,
                         testing::Values(WeakenedOrder{"ShowRelaxed", &Orders::kShow, sync::kRelaxed},
                                         WeakenedOrder{"ReadRelaxed", &Orders::kRead, sync::kRelaxed},
                                         WeakenedOrder{"MarkRelaxed", &Orders::kMark, sync::kRelaxed},
                                         WeakenedOrder{"PassRelaxed", &Orders::kPass, sync::kRelaxed},
                                         WeakenedOrder{"BeginRelaxed", &Orders::kBegin, sync::kRelaxed},
                                         WeakenedOrder{"PublishRelaxed", &Orders::kPublish, sync::kRelaxed},
                                         WeakenedOrder{"RevisionRelaxed", &Orders::kRevision,
                                                       sync::kRelaxed}),
                         name_of);

class WeakenedLock : public testing::TestWithParam<WeakenedOrder> {};
TEST_P(WeakenedLock, IsCaught) {
  const Weakened weakened(*GetParam().order, GetParam().weaker);
  expect_caught<MovesTwice<Freeing, 1>, MovesTwice<Freeing, 2>, MovesAtOnce<Freeing>>();
}
INSTANTIATE_TEST_SUITE_P(Model, WeakenedLock,
                         testing::Values(WeakenedOrder{"AdvanceRelaxed", &LockOrders::kAdvance,
                                                       sync::kRelaxed},
                                         WeakenedOrder{"EnterRelaxed", &LockOrders::kEnter, sync::kRelaxed},
                                         WeakenedOrder{"LeaveRelaxed", &LockOrders::kLeave, sync::kRelaxed},
                                         WeakenedOrder{"LookRelaxed", &LockOrders::kLook, sync::kRelaxed}),
                         name_of);

// I3: the lock is entered after the content was loaded.
struct LateLock : DeletionLockAccess<Small> {
  class Pin {
   public:
    explicit Pin(LateLock&) noexcept {}
    Pin(const Pin&) = delete;
    Pin& operator=(const Pin&) = delete;
    ~Pin() {
      for (std::size_t i = 0; i < count_; ++i) held_[i].lock->leave(held_[i].turn);
    }
    void expect(std::size_t) noexcept {}
    SlotValue read(Slot& slot) noexcept {
      const SlotValue seen(slot.content.load(Orders::kRead));
      held_[count_++] = {&slot.lock, slot.lock.enter()};
      return seen;
    }

   private:
    struct Held {
      Lock* lock;
      Lock::Slot turn;
    };
    std::size_t count_ = 0;
    std::array<Held, 9> held_;  // three keys through three arrays
  };
};
TEST(WeakenedPerfectHash, ALockEnteredAfterTheLoadIsCaught) {
  expect_caught<MovesTwice<PerfectHash<LateLock>, 1>, MovesAtOnce<PerfectHash<LateLock>>>();
}

// I4: a moved slot whose readers are forgotten.
struct ForgetsReaders : DeletionLockAccess<Small> {
  void retire_readers(reclaim::RetireList&) const noexcept {}
};
TEST(WeakenedPerfectHash, ForgottenReadersOfAMovedSlotAreCaught) {
  expect_caught<MovesTwice<PerfectHash<ForgetsReaders>, 1>, MovesAtOnce<PerfectHash<ForgetsReaders>>>();
}

// I4: a slot that does not wait for the one that it was filled from.
struct ForgetsParent : DeletionLockAccess<Small> {
  reclaim::RetireList* reserve(Slot& slot, Slot*, std::size_t entries) noexcept {
    return DeletionLockAccess::reserve(slot, nullptr, entries);
  }
};
TEST(WeakenedPerfectHash, ASlotThatDoesNotWaitForItsParentIsCaught) {
  expect_caught<MovesTwice<PerfectHash<ForgetsParent>, 1>, MovesAtOnce<PerfectHash<ForgetsParent>>>();
}

}  // namespace
}  // namespace flashkv::perfect_hash::model
