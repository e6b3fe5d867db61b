// Guards without a read-modify-write: a reader's word names the half it holds, and the writer pays for the
// order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string_view>
#include <utility>
#include <vector>

#include "storage/sync/clock.h"
#include "storage/sync/sync.h"
#include "storage/table/engine.h"

namespace flashkv::flashmap {

// The memory orders of AsymmetricGuards, each with what would break without it. A reader stores its slot and
// then looks at `current`, the writer stores `current` and then looks at the slots: one of them must see the
// other. With membarrier() that is the kernel's doing and the reader's two stay plain moves on x86; without,
// all four take part in the single order of sequentially consistent operations.
struct AsymmetricOrders {
  // What a guard read comes before the writer's look at its slot without it (I1). enter() uses it too, so
  // that a look that sees the next guard's half, or generation (I9), already is as good.
  static constexpr sync::MemoryOrder kSlotStore = sync::kRelease;
  // The same, and before the reader's look at `current`, where there is no membarrier().
  static constexpr sync::MemoryOrder kSlotExchange = sync::kSeqCst;
  // A reader sees what the writer did to the half before it became current (I1, I5).
  static constexpr sync::MemoryOrder kCurrentLook = sync::kSeqCst;
  static constexpr sync::MemoryOrder kCurrentStore = sync::kSeqCst;
  // The other side of kSlotStore.
  static constexpr sync::MemoryOrder kSlotLook = sync::kSeqCst;
};

// Purpose: which of two halves readers may hold, so that the writer never changes one under them (I1).
//          enter() writes the half it means to use into the reader's own slot and checks that this half is
//          still current; the first time after a swap it adds the half's generation, which no two swaps
//          share. swap() is one store. wait_drained() then looks for the new generation: a reader that has
//          entered the new half cannot find the old one any more (I9); one that skipped a turn of its half
//          does not say so and is taken for one at rest. Only for the sake of others every thread is made to
//          pass a fence: a guard on the old half is then in its slot for the writer to see, or its check has
//          failed.
// Usage:   AsymmetricGuards<Half> guards(&a, &b);
//          writer:  if (guards.wait_drained(budget)) { change(*guards.other()); guards.swap(); }
//          reader:  auto reader = guards.make_reader();
//                   auto held = reader.enter();  look(*held);  reader.leave(held);
// Threads: all but make_reader() from one writer thread; a Reader and its guards belong to one thread.
// Lifetime: the halves outlive the policy and every guard. Readers may outlive the policy. A reader that dies
//          with a guard inside aborts.
// Cost:    enter(): three loads and a store; leave(): a store; no locked instruction. swap(): one store for
//          any number of readers. The first wait_drained() after it: some looks at each slot and, where a
//          reader has not moved on, membarrier(): microseconds, also for the readers it interrupts. Later
//          ones look only at those still inside.
// Limits:  guards are left in any order. Nested ones share a half, which stays taken until the last of them
//          is left. The writer polls, as a plain store cannot wake it.
// Half:    keeps one word, set_generation() and generation(), 1 at first, in the line that readers load
//          anyway.
template <typename Half, typename Orders = AsymmetricOrders>
class AsymmetricGuards {
  struct Shared;
  struct Slot;

 public:
  static constexpr std::string_view kName = "asymmetric";
  static constexpr ReadRmw kReadRmw = ReadRmw::kNone;

  // One guard, from enter() to leave().
  class Held {
   public:
    operator const Half*() const noexcept { return half_; }
    const Half* operator->() const noexcept { return half_; }

   private:
    friend class AsymmetricGuards;
    Held(const Half* half, Slot* slot) noexcept : half_(half), slot_(slot) {}
    const Half* half_;
    Slot* slot_;  // null: counted
  };

  class Reader {
   public:
    Reader(Reader&&) noexcept = default;
    Reader& operator=(Reader&& other) noexcept {
      Reader old(std::move(*this));
      shared_ = std::move(other.shared_);
      slot_ = std::move(other.slot_);
      current_ = other.current_;
      return *this;
    }
    ~Reader() {
      if (slot_) shared_->remove(slot_.get());
    }

    // The common guard, alone in its reader and with membarrier(), is all there is in line; nothing but the
    // slot's word tells it from the others.
    Held enter() noexcept {
      Slot& slot = *slot_;
      const sync::Atomic<Half*>& current = *current_;
      const Half* half = current.load(sync::kRelaxed);
      if (slot.word.load(sync::kRelaxed) != outside(half)) [[unlikely]]
        return enter_slowly(slot);
      slot.word.store(inside(half), Orders::kSlotStore);
      sync::signal_fence();
      if (current.load(Orders::kCurrentLook) != half) [[unlikely]]
        return enter_newer(slot);
      return {half, &slot};
    }
    void leave(Held held) noexcept {
      if (held.slot_ == nullptr) [[unlikely]]
        return leave_counted(*slot_);
      held.slot_->word.store(outside(held.half_), Orders::kSlotStore);
    }

   private:
    friend class AsymmetricGuards;
    Reader(std::shared_ptr<Shared> shared, std::unique_ptr<Slot> slot) noexcept
        : shared_(std::move(shared)), slot_(std::move(slot)), current_(&shared_->current) {}

    // The slot does not name the current half as the one of the last guard.
    [[gnu::noinline, gnu::cold]] static Held enter_slowly(Slot& slot) noexcept {
      const std::uintptr_t word = slot.word.load(sync::kRelaxed);
      if (is_inside(word) || word == slot.no_half()) return {enter_counted(slot), nullptr};
      return enter_newer(slot);
    }
    // The writer published since the last guard, or in the middle of enter().
    [[gnu::noinline]] static Held enter_newer(Slot& slot) noexcept {
      const Half* half = slot.current->load(sync::kRelaxed);
      for (;;) {
        slot.word.store(inside(half), Orders::kSlotStore);
        sync::signal_fence();
        const Half* now_current = slot.current->load(Orders::kCurrentLook);
        if (now_current == half) break;
        half = now_current;
      }
      slot.seen.store(half->generation(), Orders::kSlotStore);
      return {half, &slot};
    }
    // Nested guards, and all guards without membarrier(), are counted and have a word of their own, so that
    // the guard around them can be left first. The exchange stays out of the code of enter().
    [[gnu::noinline, gnu::cold]] static const Half* enter_counted(Slot& slot) noexcept {
      if (slot.counted++ != 0) return slot.counted_half.load(sync::kRelaxed);
      const std::uintptr_t word = slot.word.load(sync::kRelaxed);
      if (is_inside(word)) {  // the guard around it holds it
        const Half* half = half_of(word);
        slot.counted_half.store(half, Orders::kSlotStore);
        return half;
      }
      const Half* half = slot.current->load(sync::kRelaxed);
      for (;;) {
        slot.counted_half.exchange(half, Orders::kSlotExchange);
        const Half* now_current = slot.current->load(Orders::kCurrentLook);
        if (now_current == half) return half;
        half = now_current;
      }
    }
    [[gnu::noinline, gnu::cold]] static void leave_counted(Slot& slot) noexcept {
      if (--slot.counted == 0) slot.counted_half.store(nullptr, Orders::kSlotStore);
    }

    std::shared_ptr<Shared> shared_;
    std::unique_ptr<Slot> slot_;
    const sync::Atomic<Half*>* current_;  // not by way of the slot: a load less in front of every lookup
  };

  // Without `membarrier` readers pay for the order themselves, with one exchange per outermost enter().
  AsymmetricGuards(Half* first, Half* second, bool membarrier = sync::register_membarrier())
      : current_(first), other_(second), membarrier_(membarrier), shared_(std::make_shared<Shared>(first)) {}
  AsymmetricGuards(const AsymmetricGuards&) = delete;
  AsymmetricGuards& operator=(const AsymmetricGuards&) = delete;

  Reader make_reader() {
    auto slot = std::make_unique<Slot>(&shared_->current, membarrier_);
    shared_->add(slot.get());
    return Reader(shared_, std::move(slot));
  }

  Half* current() noexcept { return current_; }
  Half* other() noexcept { return other_; }

  void swap() noexcept {
    // I2: a guard of two swaps ago would hold the half that is about to be called current.
    if (!wait_drained(0)) sync::fatal("swap while readers hold the other half");
    std::swap(current_, other_);
    current_->set_generation(++generation_);
    shared_->current.store(current_, Orders::kCurrentStore);
    phase_ = Phase::kSwapped;
  }

  bool wait_drained(Nanos budget) noexcept {
    if (phase_ == Phase::kDrained) return true;
    if (phase_ == Phase::kSwapped) {
      shared_->watch_all();
      if (membarrier_ && !all_moved_on()) sync::membarrier();
      phase_ = Phase::kDraining;
    }
    if (!shared_->all_left(other_) && !poll(budget)) return false;
    phase_ = Phase::kDrained;
    return true;
  }

 private:
  // Of the half that is not current: nothing known yet; some slots found clear; no reader inside.
  enum class Phase : std::uint8_t { kSwapped, kDraining, kDrained };

  // A slot's word: the half of its guard that is not counted, or of the last one.
  static std::uintptr_t outside(const Half* half) noexcept { return reinterpret_cast<std::uintptr_t>(half); }
  static std::uintptr_t inside(const Half* half) noexcept { return outside(half) + 1; }
  static bool is_inside(std::uintptr_t word) noexcept { return (word & 1) != 0; }
  static const Half* half_of(std::uintptr_t word) noexcept { return reinterpret_cast<const Half*>(word - 1); }

  struct alignas(sync::kOwnLine) Slot {
    Slot(const sync::Atomic<Half*>* which, bool membarrier) noexcept
        : word(membarrier ? 0 : no_half()), current(which) {}
    // No half: it sends every enter() out of line.
    std::uintptr_t no_half() const noexcept { return reinterpret_cast<std::uintptr_t>(this); }
    bool in_use() const noexcept { return is_inside(word.load(sync::kRelaxed)) || counted != 0; }
    // The uncounted guard is left before a counted one inside it: seen without it, the other word shows
    // those.
    bool holds(const Half* which) const noexcept {
      return word.load(Orders::kSlotLook) == inside(which) || counted_half.load(Orders::kSlotLook) == which;
    }

    bool moved_on(std::uintptr_t generation, const Half* from) const noexcept {
      return seen.load(Orders::kSlotLook) == generation && !holds(from);
    }

    sync::Atomic<std::uintptr_t> word;
    sync::Atomic<std::uintptr_t> seen{0};  // generation of its half, or of an older one
    sync::Atomic<const Half*> counted_half{nullptr};
    const sync::Atomic<Half*>* const current;
    std::uint32_t counted = 0;
  };

  // What readers need when the policy is gone already.
  struct Shared {
    explicit Shared(Half* first) noexcept : current(first) {}

    void add(Slot* slot) {
      const std::lock_guard lock(mutex);
      watched.reserve(slots.size() + 1);
      slots.push_back(slot);
    }
    void remove(Slot* slot) noexcept {
      if (slot->in_use()) sync::fatal("a reader died with a guard inside");
      const std::lock_guard lock(mutex);
      std::erase(slots, slot);
      std::erase(watched, slot);
    }

    // A reader that is added later cannot find the old half: it took the mutex after the swap.
    void watch_all() noexcept {
      const std::lock_guard lock(mutex);
      watched.assign(slots.begin(), slots.end());
    }
    // A slot once seen without the old half may still name it for a moment, but its reader then finds that
    // this half is not current and does not hold it.
    bool all_left(const Half* old) noexcept {
      const std::lock_guard lock(mutex);
      std::erase_if(watched, [old](const Slot* slot) { return !slot->holds(old); });
      return watched.empty();
    }

    // As above, without a fence: takes off those that have entered the new half (I9), and counts those of the
    // others that are in none.
    bool all_moved_on(std::uintptr_t generation, const Half* old, std::size_t& lazy) noexcept {
      const std::lock_guard lock(mutex);
      lazy = 0;
      std::erase_if(watched, [&](const Slot* slot) {
        const bool moved = slot->moved_on(generation, old);
        lazy += moved || is_inside(slot->word.load(sync::kRelaxed)) ? 0 : 1;
        return moved;
      });
      return watched.empty();
    }

    sync::Mutex mutex;  // slots and watched
    std::vector<Slot*> slots;
    std::vector<Slot*> watched;  // still to be seen outside the old half; its capacity is that of slots
    alignas(sync::kOwnLine) sync::Atomic<Half*> current;
  };

  // Gives readers that are at work the moment they need to come round: a fence would interrupt them for
  // longer. One that is in no half may be at rest, and is not waited for as long.
  bool all_moved_on() noexcept {
    constexpr std::size_t kMostLazy = 2;
    std::size_t lazy = 0;
    for (unsigned look = 0;; ++look) {
      if (shared_->all_moved_on(current_->generation(), other_, lazy)) return true;
      if (lazy > kMostLazy || look >= (lazy == 0 ? sync::kSpins : sync::kSpins / 8)) return false;
      sync::pause();
    }
  }

  bool poll(Nanos budget) noexcept {
    if (budget <= 0) return false;
    const Nanos start = sync::now();
    const Nanos deadline = budget > kNever - start ? kNever : start + budget;
    for (unsigned look = 0;; ++look) {
      const Nanos left = deadline - sync::now();
      if (left <= 0) return false;
      sync::back_off(look, left);
      if (shared_->all_left(other_)) return true;
    }
  }

  Half* current_;
  Half* other_;
  const bool membarrier_;
  Phase phase_ = Phase::kDrained;
  std::uintptr_t generation_ = 1;  // of the current half
  std::shared_ptr<Shared> shared_;
};

}  // namespace flashkv::flashmap
