// The leaf of a 64-bit hash: empty, one record, or a chain of all records that share the hash.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "storage/reclaim/retire_list.h"
#include "storage/record/record.h"

namespace flashkv {
namespace cuckoo {
class ChainDraft;
}

// Purpose: two or more records whose keys have the same 64-bit hash, in one immutable block. A single record
//          needs no chain.
// Threads: built by the writer, read by everyone; never changed once a reader can find it.
// Cost:    8 bytes and 8 more for each record it has room for.
class CollisionChain {
 public:
  static constexpr std::size_t bytes_for(std::size_t records) noexcept {
    return sizeof(CollisionChain) + records * sizeof(Record*);
  }
  std::span<Record* const> records() const noexcept { return {first(), count_}; }
  std::size_t bytes() const noexcept { return bytes_for(capacity_); }
  // Does not release the records.
  static void destroy(CollisionChain* chain) noexcept { ::operator delete(chain); }

 private:
  friend class ChainMemory;
  friend class Leaf;
  friend class cuckoo::ChainDraft;
  explicit CollisionChain(std::uint32_t capacity) noexcept : capacity_(capacity) {}
  Record** first() noexcept { return reinterpret_cast<Record**>(this + 1); }
  Record* const* first() const noexcept { return reinterpret_cast<Record* const*>(this + 1); }
  void push(Record* record) noexcept { first()[count_++] = record; }

  std::uint32_t count_ = 0;
  std::uint32_t capacity_;
};
static_assert(sizeof(CollisionChain) == alignof(Record*), "the records follow the header at once");

// Purpose: empty chains, allocated when a request is prepared.
// Usage:   prepare: if (!memory.reserve(n)) reject;   // one change whose result has at most n records
//          apply:   leaf.with(record, memory);
//          publish: memory.drop_reservations();        // frees what is left
// Threads: one writer.
// Cost:    reserve(): an allocation; take(): linear in the number of reservations, which are rare.
// Limits:  changes may be applied in another order than they were reserved: each takes the smallest chain
//          that is large enough, so that a larger one is left for those that need it.
class ChainMemory {
 public:
  ChainMemory() = default;
  ChainMemory(const ChainMemory&) = delete;
  ChainMemory& operator=(const ChainMemory&) = delete;
  ~ChainMemory() { drop_reservations(); }

  // False when memory is short. Room for one record needs no chain.
  bool reserve(std::size_t records) noexcept;
  // An empty chain with room for `records`.
  CollisionChain* take(std::size_t records) noexcept;
  void drop_reservations() noexcept;
  std::uint64_t bytes() const noexcept { return bytes_; }

 private:
  // Largest first; linked through the place of each chain's first record.
  CollisionChain* free_ = nullptr;
  std::uint64_t bytes_ = 0;
};

struct LeafChange;

// Purpose: one word that is empty (0), the address of a record, or with bit 0 set the address of a chain.
//          A value: an index keeps word() in an atomic of its own.
// Usage:   LeafChange c = Leaf(slot.load(acquire)).with(record, memory);   // or .without(key, memory)
//          slot.store(c.after.word(), release);  c.retire(list);
//          const Record* r = Leaf(slot.load(acquire)).find(key);
// Cost:    find(): one record's line and its key; for a chain one more line and the records before the match.
class Leaf {
 public:
  Leaf() = default;
  explicit Leaf(std::uintptr_t word) noexcept : word_(word) {}
  explicit Leaf(Record* record) noexcept : word_(reinterpret_cast<std::uintptr_t>(record)) {}
  static Leaf of(CollisionChain* chain) noexcept {
    return Leaf(reinterpret_cast<std::uintptr_t>(chain) | kChainTag);
  }

  std::uintptr_t word() const noexcept { return word_; }
  bool empty() const noexcept { return word_ == 0; }
  bool is_chain() const noexcept { return (word_ & kChainTag) != 0; }
  // Null for a chain and for an empty leaf.
  Record* single() const noexcept { return is_chain() ? nullptr : reinterpret_cast<Record*>(word_); }
  // Null if this is not a chain.
  CollisionChain* chain() const noexcept {
    return is_chain() ? reinterpret_cast<CollisionChain*>(word_ - kChainTag) : nullptr;
  }
  std::size_t size() const noexcept { return is_chain() ? chain()->records().size() : word_ != 0; }
  // Any of its records; null if there is none.
  Record* any() const noexcept { return is_chain() ? chain()->records()[0] : single(); }

  Record* find(std::string_view key) const noexcept {
    if (is_chain()) [[unlikely]]
      return find_in_chain(key);
    Record* r = reinterpret_cast<Record*>(word_);
    return r != nullptr && r->key() == key ? r : nullptr;
  }

  // This leaf with the record added, or put in place of the one with its key. Needs memory for size() + 1
  // records, none if the result is a single record.
  LeafChange with(Record* record, ChainMemory& memory) const noexcept;
  // This leaf without the key; unchanged if the key is not in it. Needs memory for size() - 1 records.
  LeafChange without(std::string_view key, ChainMemory& memory) const noexcept;

  template <typename F>
  void for_each(F&& f) const {
    if (is_chain()) {
      for (Record* r : chain()->records()) f(r);
    } else if (word_ != 0) {
      f(single());
    }
  }
  // Releases the records and frees the chain; no reader can find them.
  void destroy() const noexcept;

 private:
  static constexpr std::uintptr_t kChainTag = 1;
  Record* find_in_chain(std::string_view key) const noexcept;

  std::uintptr_t word_ = 0;
};

// Purpose: a leaf's new value, and what to retire once that is stored.
struct LeafChange {
  static constexpr std::size_t kMostRetired = 2;  // entries of the retire list

  Leaf after;
  Record* removed = nullptr;        // the record that was replaced or erased
  CollisionChain* chain = nullptr;  // the chain that was rebuilt

  // Call after storing the leaf's word: the record is released and the chain freed after a grace period.
  void retire(reclaim::RetireList& list) const noexcept;
};

}  // namespace flashkv
