// Small programs of a writer that moves keys from one top array to the next and replaces one of them, and of
// readers that look that one up. The engine is the served one, with small arrays.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "storage/engine/perfect_hash/perfect_hash.h"
#include "tests/model/checked_sync.h"

namespace flashkv::perfect_hash::model {

// Slots whose atomics are constructed, as relacy's have to be, each array at an address of its own: the
// writer keeps slots in the order of their addresses, which must be the same when a failed schedule is run
// again.
template <typename Slot>
class ConstructedSlots {
 public:
  explicit ConstructedSlots(std::size_t count)
      : count_(count), first_(reinterpret_cast<Slot*>(memory) + count - 1) {
    std::uninitialized_default_construct_n(first_, count_);
  }
  ConstructedSlots(const ConstructedSlots&) = delete;
  ConstructedSlots& operator=(const ConstructedSlots&) = delete;
  ~ConstructedSlots() { std::destroy_n(first_, count_); }
  Slot* data() const noexcept { return first_; }

 private:
  alignas(Slot) static inline std::byte memory[(1 + 2 + 4) * sizeof(Slot)];
  const std::size_t count_;
  Slot* const first_;
};

// Arrays of 1, 2 and 4 slots, the next one made at one word a slot. The second key of a guard takes the lock
// for all slots.
template <typename O, typename L>
struct SmallParameters {
  using Orders = O;
  using LockOrders = L;
  template <typename Slot>
  using Slots = ConstructedSlots<Slot>;
  static constexpr unsigned kStepLog2 = 1;
  static constexpr unsigned kMaxLog2 = 2;
  static constexpr std::size_t kMostLoad = 1;
  static constexpr std::size_t kMostHeld = 1;
};

inline const KeyHash kHash{1};
inline Probe probe(const Record* record) { return {record->key(), kHash(record->key())}; }

// A record whose key has slot `slot` of the four; records live as long as the program.
inline Record* record_of(std::size_t slot, std::string_view value) {
  const std::uint64_t multiplier = Multipliers(kHash("multipliers")).next();
  for (unsigned n = 0;; ++n) {
    const std::string key = std::to_string(n);
    if ((kHash(key) * multiplier) >> 62 != slot) continue;
    Record* record = Record::make(key, value, Record::Expiry::kNone).release();
    record->retain();
    return record;
  }
}
// The key that readers look up, in three versions. Its slot is the last of each array, which moves last.
inline const std::array<Record*, 3> kVersions{record_of(3, "0"), record_of(3, "1"), record_of(3, "2")};
inline std::size_t version_of(const Record* record) {
  return static_cast<std::size_t>(std::ranges::find(kVersions, record) - kVersions.begin());
}
// A key in the same slot of two, not of four, and one in another slot of both arrays.
inline Record* const kNeighbour = record_of(2, "");
inline Record* const kOther = record_of(0, "");
// Comes with the last version, into an empty slot: nothing is retired there, so the slot's lock does not
// advance.
inline Record* const kLate = record_of(1, "");

template <typename E>
struct Program {
  static constexpr unsigned kAllDone = 99;
  // Not atomic: the writer stores before it shows a version, and when what was retired with it is freed.
  rl::var<bool> readable[kVersions.size()];
  E engine{EngineOptions{.hash = kHash}};
  std::uint64_t revision = 0;  // the writer's
  sync::Atomic<unsigned> turn{0};

  Program() { batch({kVersions[0]}); }

  void batch(std::initializer_list<Record*> records) {
    RL_ASSERT(engine.try_begin_batch(0));
    for (const Record* r : records) {
      const Probe p = probe(r);
      RL_ASSERT(engine.reserve({&p, 1}));
    }
    for (Record* r : records) {
      const std::size_t version = version_of(r);
      if (version < kVersions.size()) readable[version](RL_INFO) = true;
      engine.upsert(r, probe(r).hash);
      if (version < kVersions.size() && version > 0) retire_with_it(readable[version - 1]);
    }
    engine.publish(++revision);
    turn.store(turn.load(sync::kRelaxed) + 1, sync::kRelaxed);
  }
  // Into the list where the engine has just retired the version before.
  void retire_with_it(rl::var<bool>& version) {
    const auto free = [](void* v) noexcept { (*static_cast<rl::var<bool>*>(v))(RL_INFO) = false; };
    engine.index().draft(probe(kVersions[0]).hash).garbage->retire(&version, free, 0);
  }
  // Ends when all garbage has been freed.
  void collect() {
    turn.store(kAllDone, sync::kRelaxed);
    if constexpr (!E::Access::kLeaks) {
      while (engine.access().waiting() != 0) {
        sync::pause();
        RL_ASSERT(engine.try_begin_batch(0));
      }
    }
  }
  // A random schedule hardly ever lets one thread run far ahead. Relaxed: the reader learns nothing else.
  void fall_behind() {
    for (const unsigned late = 1 + rl::rand(5); turn.load(sync::kRelaxed) < late;) sync::pause();
  }

  // I2: the key is found, wherever it is. I1: as it was in the guard's revision, or newer.
  template <typename Guard>
  std::size_t found(const Guard& guard, const Record* record, std::span<const std::uint64_t> shown) {
    const std::size_t version = version_of(record);
    RL_ASSERT(version < kVersions.size());
    RL_ASSERT(readable[version](RL_INFO));
    RL_ASSERT(version + 1 == kVersions.size() || guard.revision() < shown[version + 1]);
    return version;
  }
  // The same by a batch of two keys, for which the guard takes the lock for all slots.
  template <typename Guard>
  std::size_t found_in_batch(const Guard& guard, std::span<const std::uint64_t> shown) {
    const std::array probes{probe(kVersions[0]), probe(kNeighbour)};
    std::array<const Record*, 2> records;
    guard.find_batch(probes, records);
    RL_ASSERT(records[1] == nullptr || records[1] == kNeighbour);
    return found(guard, records[0], shown);
  }
  // I4: what a guard found stays readable until it ends, by whichever lock.
  void read(std::span<const std::uint64_t> shown) {
    fall_behind();
    auto reader = engine.make_reader();
    auto guard = reader.enter();
    if (rl::rand(3) == 0) {
      // I1: the revision alone orders this lookup after the batch.
      RL_ASSERT(guard.find(probe(kLate)) == kLate || guard.revision() < shown[2]);
      return;
    }
    const std::size_t first = rl::rand(2) != 0 ? found_in_batch(guard, shown)
                                               : found(guard, guard.find(probe(kVersions[0])), shown);
    fall_behind();
    RL_ASSERT(readable[first](RL_INFO));
    if (rl::rand(2) != 0) return;
    const std::size_t second = found_in_batch(guard, shown);
    RL_ASSERT(second >= first);
    fall_behind();
    RL_ASSERT(readable[first](RL_INFO) && readable[second](RL_INFO));
  }
};

// I1, I2, I4: the first batch makes the array of two, where the key moves alone and meets its neighbour. The
// second makes the array of four and moves the other slot; before the third, both keys move as a bucket and
// readers begin at the last array.
template <typename E, unsigned kReaders>
struct MovesTwice : Program<E>, rl::test_suite<MovesTwice<E, kReaders>, 1 + kReaders> {
  void thread(unsigned index) {
    static constexpr std::array<std::uint64_t, 3> kShown{1, 4, 5};
    if (index != 0) return this->read(kShown);
    this->batch({kNeighbour});
    this->batch({kOther});
    this->batch({kVersions[1]});
    this->batch({kVersions[2], kLate});
    this->collect();
  }
};

// The same way in one batch, whose drafts move.
template <typename E>
struct MovesAtOnce : Program<E>, rl::test_suite<MovesAtOnce<E>, 2> {
  void thread(unsigned index) {
    static constexpr std::array<std::uint64_t, 3> kShown{1, 2, 3};
    if (index != 0) return this->read(kShown);
    this->batch({kNeighbour, kVersions[1], kOther});
    this->batch({kVersions[2], kLate});
    this->collect();
  }
};

}  // namespace flashkv::perfect_hash::model
