// What a lookup costs when nobody writes and nobody has to be told: the floor of an engine's read cost.
#pragma once

#include <memory>

#include "storage/table/read_handle.h"
#include "tests/bench/engines/contestant.h"

namespace flashkv::bench {

// Purpose: a reader of an engine's own table that enters no section, announces nothing and checks nothing:
//          the same structure, the same hash, the same copy of the value.
// Usage:   Floor floor(contestant, table);  if (floor.known()) { auto reader = floor.make_reader(); ... }
// Threads: make_reader() from any; readers only while the table is not written to.
// Lifetime: readers before their floor, the floor before its table. Where an engine's structure itself
//          carries its synchronisation (critnib's generation), the floor is a second table without it, filled
//          by fill().
// Limits:  engines that it does not know have none.
class Floor {
 public:
  Floor(const Contestant& contestant, AnyEngine& table);
  bool known() const noexcept { return make_ != nullptr; }
  // The table that has to be filled with the same keys for this floor, or null: it is the engine's own.
  AnyEngine* own_table() const noexcept { return own_.get(); }
  std::unique_ptr<ReadHandle> make_reader() const { return make_(own_ ? *own_ : table_); }

 private:
  AnyEngine& table_;
  std::unique_ptr<AnyEngine> own_;
  std::unique_ptr<ReadHandle> (*make_)(AnyEngine& table) = nullptr;
};

}  // namespace flashkv::bench
