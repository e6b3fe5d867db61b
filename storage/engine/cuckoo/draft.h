// The writer's side of a cuckoo table: a private table with changes that no reader sees yet.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "storage/engine/cuckoo/eviction.h"
#include "storage/engine/cuckoo/table.h"
#include "storage/reclaim/retire_list.h"

namespace flashkv::cuckoo {

// The limit of a table's growth, at which reserve() gives up.
struct GrowthLimits {
  unsigned max_log2 = 32;  // buckets; places.h yields no more bits
};

// Purpose: a private table and its promised slots. reserve() gives every key its slot at once, and does
//          whatever that takes: eviction, another seed, a larger table. A promised slot holds no record, so
//          nothing is found in it; upsert() only writes its word. seal() frees promised slots that were not
//          used.
// Usage:   draft.begin(table);                         // a table that no reader has
//          if (!draft.reserve(probes)) reject;         // finds the same as before
//          draft.upsert(record, hash); draft.erase(probe);
//          draft.seal();  publish(draft.take());
// Threads: one writer.
// Lifetime: owns the table between begin() and take(). Replaced records and chains go to the retire list.
// Cost:    reserve(): two lines per key; a rebuild costs the whole table, and happens when the table doubles,
//          when seven of eight slots are free, and on a cycle, once in many doublings.
// Errors:  only reserve() can fail, for lack of memory or beyond the limits.
class Draft {
 public:
  // Replay: the table has a twin that will be brought level (CuckooRwlock), so changed buckets are recorded
  // and memory is allocated for both.
  enum class Replay : bool { kNo = false, kYes = true };

  Draft(reclaim::RetireList& retired, Replay replay, GrowthLimits limits) noexcept
      : retired_(retired), replay_(replay == Replay::kYes), limits_(limits) {}
  Draft(const Draft&) = delete;
  Draft& operator=(const Draft&) = delete;
  ~Draft();

  void begin(Table* table) noexcept { table_ = table; }
  Table* take() noexcept { return std::exchange(table_, nullptr); }
  const Table* table() const noexcept { return table_; }
  bool changed() const noexcept { return changed_; }  // since the last seal()

  Record* find(const Probe& probe) noexcept;
  bool reserve(std::span<const Probe> probes) noexcept;
  void upsert(Record* record, std::uint64_t hash) noexcept;
  void erase(const Probe& probe) noexcept;
  // Promises lapse; the table is left in the form that readers expect. Cannot fail.
  void seal() noexcept;

  // Brings the twin, which no reader has, level with the published table. Returns the twin, or the table that
  // took its place.
  Table* replay(Table* twin, const Table& published) noexcept;

  std::uint64_t keys() const noexcept { return keys_; }
  std::uint64_t record_bytes() const noexcept { return record_bytes_; }
  // Of the table, its twin's successor, chains and lists.
  std::uint64_t bytes() const noexcept;

 private:
  // Words that occur only in a draft: kPromised, and kDraftTag on a chain that is not published and may
  // change in place. All others are a Leaf's.
  static constexpr std::uintptr_t kDraftTag = 2;
  static constexpr std::uintptr_t kPromised = kDraftTag;
  static Leaf leaf_of(const Slot& slot) noexcept { return Leaf(slot.word & ~kDraftTag); }
  static bool is_draft_chain(const Slot& slot) noexcept {
    return slot.word > kPromised && (slot.word & kDraftTag) != 0;
  }
  void set_chain(Slot& slot, CollisionChain* chain) noexcept;

  bool promise(const Probe& probe) noexcept;
  bool claim(Slot& slot, std::string_view key) noexcept;
  bool insert(std::uint64_t hash) noexcept;
  bool rebuild(unsigned log2, std::optional<std::uint64_t> promised) noexcept;
  bool fill(Table& into, std::optional<std::uint64_t> promised) const noexcept;
  bool adopt(Table* rebuilt) noexcept;
  void shrink_if_sparse() noexcept;
  void retire(Record* record) noexcept;
  void seal(Slot& slot) noexcept;
  void note(const Slot& slot) noexcept;

  reclaim::RetireList& retired_;
  const bool replay_;
  const GrowthLimits limits_;
  Table* table_ = nullptr;
  std::uint64_t used_ = 0;  // slots that are not free
  std::uint64_t keys_ = 0;
  std::uint64_t record_bytes_ = 0;
  std::uint64_t chain_bytes_ = 0;
  bool changed_ = false;
  std::vector<std::uint64_t> touched_;  // hashes of this batch: what seal() goes over

  // For replay().
  std::vector<std::uint64_t> dirty_;  // buckets
  bool all_dirty_ = false;
  Table* twin_ = nullptr;  // what replaces a twin of another size
};

}  // namespace flashkv::cuckoo
