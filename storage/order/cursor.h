// Walking over the keys of one state of the ordered index.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "storage/order/descent.h"
#include "storage/order/node.h"

namespace flashkv::order {

// Keys from `start` up to but not including `end`; an empty end is above all keys. The wrong way round it is
// empty.
struct KeyRange {
  std::string_view start;
  std::string_view end;
};

// The smallest key above all keys that begin with the prefix: {prefix, prefix_end(prefix)} holds exactly
// those. Empty when there is none: the prefix is empty, or all its bytes are 0xff. May throw std::bad_alloc.
std::string prefix_end(std::string_view prefix);

// Purpose: goes over the records of a range, up or down.
// Usage:   const std::string end = prefix_end("user:");
//          Cursor cursor(pin->root, {"user:", end}, Cursor::kForward);
//          while (const Record* record = cursor.next()) ...;
// Threads: one at a time; it takes no lock and writes nothing that another thread reads.
// Lifetime: that of the root. The bounds are not copied, and seek() needs them.
// Cost:    two descents at the start, one a seek(); some 15 ns a key. next()
//          prefetches the records and the leaf that come next. count_left() reads no record.
class Cursor {
 public:
  enum Direction : bool { kForward, kReverse };

  Cursor(Root root, KeyRange range, Direction direction) noexcept;

  // Goes to `key`, or else to the key that comes next in the direction; never out of the range.
  void seek(std::string_view key) noexcept;
  // The next record; null at the end of the range, until a seek() leads away from it.
  const Record* next() noexcept { return direction_ == kForward ? next_up() : next_down(); }
  // Passes what next() would return of the leaf where the cursor is, without reading a record; how many
  // that were. 0 = the end of the range.
  std::uint64_t pass_leaf() noexcept;
  // How many records next() would return.
  std::uint64_t count_left() const noexcept;

 private:
  // Before entry `at` of a leaf. The place between two leaves is before the first entry of the second.
  struct Gap {
    const Leaf* leaf = nullptr;
    unsigned at = 0;
    bool operator==(const Gap&) const = default;
  };
  // Records that are on their way at a time: one takes some 100 ns to arrive, a step some 10.
  static constexpr unsigned kAhead = 16;

  static Gap gap_at(const Path& path) noexcept { return {path.leaf(), path.steps[0].at}; }
  Path before(std::string_view key) const noexcept;
  Path after_all() const noexcept;
  bool passes_end(std::string_view key) const noexcept { return !range_.end.empty() && key >= range_.end; }

  void go_to(const Path& path) noexcept;
  void enter_leaf() noexcept;
  const Record* next_up() noexcept;
  const Record* next_down() noexcept;

  Root root_;
  KeyRange range_;
  Direction direction_;
  Gap begin_;
  Gap end_;
  Path path_;                     // to the place where the cursor is
  const Leaf* beside_ = nullptr;  // the leaf that comes next, where it has the same parent
};

}  // namespace flashkv::order
