// Makes room for one more hash by moving slots to their other bucket.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "storage/engine/cuckoo/table.h"

namespace flashkv::cuckoo {

// Purpose: the shortest path from one of a hash's buckets to a free slot. Nothing moves until a path is
//          found, so a search that fails leaves the table as it was.
// Usage:   if (auto way = Eviction::search(table, hash)) way->apply(table, {hash, word});
// Cost:    search(): at most 256 buckets, breadth first; at 7/8 full nearly always under ten.
// Limits:  paths longer than kMostMoves are not found: the caller rebuilds the table with another seed.
// Source:  R. Pagh, F. Rodler, "Cuckoo hashing" (2001); buckets of several slots by U. Erlingsson, M.
//          Manasse, F. McSherry, "A cool and practical alternative to traditional hash tables" (2006).
class Eviction {
 public:
  static constexpr std::size_t kMostMoves = 6;

  static std::optional<Eviction> search(const Table& table, std::uint64_t hash) noexcept;

  // Moves the slots on the path and fills the one that becomes free.
  void apply(Table& table, const Slot& slot) const noexcept;
  // The buckets that apply() changes.
  template <typename F>
  void for_each_bucket(F&& f) const {
    for (std::size_t i = 0; i < steps_; ++i) f(at_[i].bucket);
  }

 private:
  struct Place {
    std::uint64_t bucket;
    std::size_t slot;
  };
  // at_[0] takes the new hash, at_[i + 1] takes the slot of at_[i]; the last is free.
  std::array<Place, kMostMoves + 1> at_;
  std::size_t steps_ = 0;
};

}  // namespace flashkv::cuckoo
