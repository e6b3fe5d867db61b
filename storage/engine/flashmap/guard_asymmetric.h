// Guards without a read-modify-write: a reader stores the half it holds in a word of its own, and the writer
// pays for the order between that store and the swap.
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

// The memory orders of AsymmetricGuards. A reader stores its slot and then reloads `current`; the writer
// stores `current` and then reads the slots. One of the two must see the other's store. membarrier()
// guarantees that where the kernel has it, and the reader's store and load stay plain moves on x86. Without
// it all four operations are sequentially consistent.
struct AsymmetricOrders {
  // Orders a guard's reads before the store that ends it: when the writer sees the slot empty, those reads
  // are over (I1). enter() uses it too, because the writer may see the store of the next guard instead.
  static constexpr sync::MemoryOrder kSlotStore = sync::kRelease;
  // Without membarrier(): also orders the slot's store before the reload of `current` (I1).
  static constexpr sync::MemoryOrder kSlotExchange = sync::kSeqCst;
  // Pairs with kSlotStore (I1).
  static constexpr sync::MemoryOrder kSlotLook = sync::kSeqCst;
  // Makes what the writer did to a half visible to the readers that find it current (I1, I5).
  static constexpr sync::MemoryOrder kCurrentStore = sync::kSeqCst;
  static constexpr sync::MemoryOrder kCurrentLook = sync::kSeqCst;
  // Orders everything a reader stored in its slot before it entered the new half, an older guard that it
  // still holds included, before the generation that the writer takes as proof of that entry (I9).
  static constexpr sync::MemoryOrder kSeenStore = sync::kRelease;
  static constexpr sync::MemoryOrder kSeenLook = sync::kAcquire;
};

// Purpose: tells the writer when no reader holds the half it is about to change (I1). A reader stores the
//          half it enters in its own slot, then checks that this half is still current. swap() is one store.
//          It must become visible before the writer scans the slots; readers that have entered since prove
//          that by the generation they recorded (I9), and one membarrier() covers the others. The generation
//          is recorded at the first guard after a swap only; a reader that has not entered since then looks
//          idle.
// Usage:   AsymmetricGuards<Half> guards(&a, &b);
//          writer:  if (guards.wait_drained(budget)) { change(*guards.other()); guards.swap(); }
//          reader:  auto reader = guards.make_reader();
//                   auto held = reader.enter();  read(*held);  reader.leave(held);
// Threads: all but make_reader() from one writer thread; a Reader and its guards belong to one thread.
// Lifetime: the halves outlive the policy and every guard. Readers may outlive the policy. Destroying a
//          reader that has a guard open aborts.
// Cost:    enter(): three loads and a store; leave(): a store; no locked instruction. swap(): one store for
//          any number of readers. The first wait_drained() after it reads each slot a few times and, where a
//          reader has not entered the new half, calls membarrier(): microseconds, also for the readers it
//          interrupts. Later calls read only the slots that still name the old half.
// Limits:  guards are left in any order. Nested guards share a half, which stays taken until the last of them
//          is left. The writer polls: a plain store cannot wake it.
// Errors:  a membarrier() that fails for want of memory counts as readers still inside: wait_drained() tries
//          again within its budget, then returns false.
// Half:    has one word, set_generation() and generation(), 1 at first, in the line that readers load anyway.
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

    // Inline is only the common case, a guard that is not nested, with membarrier(); the slot's word alone
    // decides.
    Held enter() noexcept {
      Slot& slot = *slot_;
      const sync::Atomic<Half*>& current = *current_;
      const Half* half = current.load(sync::kRelaxed);
      if (slot.word.load(sync::kRelaxed) != outside(half)) [[unlikely]] {
        bool counted = false;
        half = enter_slowly(slot, counted);
        return {half, counted ? nullptr : &slot};
      }
      slot.word.store(inside(half), Orders::kSlotStore);
      sync::signal_fence();
      if (current.load(Orders::kCurrentLook) != half) [[unlikely]]
        half = enter_newer(slot);
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

    // The slot does not name the current half as that of the last guard. This and the next function return a
    // pointer, not a Held: returning a pair would make the compiler keep every guard in memory.
    [[gnu::noinline, gnu::cold]] static const Half* enter_slowly(Slot& slot, bool& counted) noexcept {
      const std::uintptr_t word = slot.word.load(sync::kRelaxed);
      counted = is_inside(word) || word == slot.no_half();
      return counted ? enter_counted(slot) : enter_newer(slot);
    }
    // The writer published since the last guard, or in the middle of enter().
    [[gnu::noinline]] static const Half* enter_newer(Slot& slot) noexcept {
      const Half* half = slot.current->load(sync::kRelaxed);
      for (;;) {
        slot.word.store(inside(half), Orders::kSlotStore);
        sync::signal_fence();
        const Half* now_current = slot.current->load(Orders::kCurrentLook);
        if (now_current == half) break;
        half = now_current;
      }
      slot.seen.store(half->generation(), Orders::kSeenStore);  // (I9)
      return half;
    }
    // Nested guards, and all guards without membarrier(), are counted and have a word of their own, so that
    // the guard around them can be left first. The exchange is kept out of enter()'s code.
    [[gnu::noinline, gnu::cold]] static const Half* enter_counted(Slot& slot) noexcept {
      if (slot.counted++ != 0) return slot.counted_half.load(sync::kRelaxed);
      const std::uintptr_t word = slot.word.load(sync::kRelaxed);
      if (is_inside(word)) {  // the outer guard holds that half
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
    const sync::Atomic<Half*>* current_;  // not through the slot: saves every lookup a load
  };

  // Without `membarrier` each outermost enter() pays for the order itself, with one exchange.
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
    // I2: a reader of the other half would see it become current again and could not be told from a new one.
    if (!wait_drained(0)) sync::fatal("swap while readers hold the other half");
    std::swap(current_, other_);
    current_->set_generation(++generation_);
    shared_->current.store(current_, Orders::kCurrentStore);
    phase_ = Phase::kSwapped;
  }

  // Whether the other half has no reader. Waits for that, at most `budget` ns (kNever: without a limit).
  bool wait_drained(Nanos budget) noexcept {
    if (phase_ == Phase::kDrained) return true;
    const Nanos start = budget > 0 ? sync::now() : 0;
    const Nanos deadline = budget > kNever - start ? kNever : start + budget;
    if (phase_ == Phase::kSwapped) {
      shared_->watch_all();
      if (!poll(deadline, [this] { return ordered(); })) return false;
      phase_ = Phase::kDraining;
    }
    if (!poll(deadline, [this] { return shared_->all_left(other_); })) return false;
    phase_ = Phase::kDrained;
    return true;
  }

 private:
  // What the writer knows about the half that is not current: nothing; which slots may still name it; that no
  // reader is inside.
  enum class Phase : std::uint8_t { kSwapped, kDraining, kDrained };

  // A slot's word: the half of its uncounted guard while one is open, else of the last one.
  static std::uintptr_t outside(const Half* half) noexcept { return reinterpret_cast<std::uintptr_t>(half); }
  static std::uintptr_t inside(const Half* half) noexcept { return outside(half) + 1; }
  static bool is_inside(std::uintptr_t word) noexcept { return (word & 1) != 0; }
  static const Half* half_of(std::uintptr_t word) noexcept { return reinterpret_cast<const Half*>(word - 1); }

  struct alignas(sync::kOwnLine) Slot {
    Slot(const sync::Atomic<Half*>* which, bool membarrier) noexcept
        : word(membarrier ? 0 : no_half()), current(which) {}
    // A word that names no half and so sends every enter() out of line.
    std::uintptr_t no_half() const noexcept { return reinterpret_cast<std::uintptr_t>(this); }
    bool in_use() const noexcept { return is_inside(word.load(sync::kRelaxed)) || counted != 0; }
    // `word` first: an uncounted guard may be left before the counted ones inside it. Whoever sees it left
    // also sees their half in counted_half (I1).
    bool holds(const Half* which) const noexcept {
      return word.load(Orders::kSlotLook) == inside(which) || counted_half.load(Orders::kSlotLook) == which;
    }
    // `seen` first: the generation vouches for what holds() reads after it (I9).
    bool moved_on(std::uintptr_t generation, const Half* from) const noexcept {
      return seen.load(Orders::kSeenLook) == generation && !holds(from);
    }

    sync::Atomic<std::uintptr_t> word;
    sync::Atomic<std::uintptr_t> seen{0};  // generation of its half, or of an older one
    sync::Atomic<const Half*> counted_half{nullptr};
    const sync::Atomic<Half*>* const current;
    std::uint32_t counted = 0;
  };

  // Outlives the policy as long as readers do.
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

    // A reader added later cannot find the old half current: it took the mutex after the swap.
    void watch_all() noexcept {
      const std::lock_guard lock(mutex);
      watched.assign(slots.begin(), slots.end());
    }
    // A slot that did not name the old half once may name it again for a moment: its reader then finds that
    // this half is no longer current and does not hold it (I1).
    bool all_left(const Half* old) noexcept {
      const std::lock_guard lock(mutex);
      std::erase_if(watched, [old](const Slot* slot) { return !slot->holds(old); });
      return watched.empty();
    }

    // The same without a fence: drops the slots whose readers have entered the new half (I9), and counts
    // those of the others that have no guard open.
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
    std::vector<Slot*> watched;  // may still name the old half; its capacity is that of slots
    alignas(sync::kOwnLine) sync::Atomic<Half*> current;
  };

  // Gives busy readers time to enter the new half by themselves: a fence would interrupt them for longer. A
  // reader without a guard may be idle and is given less.
  bool all_moved_on() noexcept {
    constexpr std::size_t kMostLazy = 2;
    std::size_t lazy = 0;
    for (unsigned look = 0;; ++look) {
      if (shared_->all_moved_on(current_->generation(), other_, lazy)) return true;
      if (lazy > kMostLazy || look >= (lazy == 0 ? sync::kSpins : sync::kSpins / 8)) return false;
      sync::pause();
    }
  }

  // Whether the swap is visible to every reader that enters from now on, and every older guard to the writer
  // (I1).
  bool ordered() noexcept { return !membarrier_ || all_moved_on() || sync::membarrier(); }

  // Polls `done`, at least once, until it returns true; returns false if the deadline comes first. 0 has
  // always passed.
  template <typename Done>
  bool poll(Nanos deadline, Done done) noexcept {
    for (unsigned look = 0; !done(); ++look) {
      if (deadline == 0) return false;
      const Nanos left = deadline == kNever ? kNever : deadline - sync::now();
      if (left <= 0) return false;
      sync::back_off(look, left);
    }
    return true;
  }

  Half* current_;
  Half* other_;
  const bool membarrier_;
  Phase phase_ = Phase::kDrained;
  std::uintptr_t generation_ = 1;  // of the current half
  std::shared_ptr<Shared> shared_;
};

}  // namespace flashkv::flashmap
