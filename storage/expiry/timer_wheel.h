// The records that expire, by the instant at which they do.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

#include "storage/record/record.h"

namespace flashkv {

// Purpose: a hierarchical timing wheel (Varghese & Lauck, 1987) of milliseconds. A level has 64 slots, and
//          one slot of it covers as much time as all of the level below:
//
//            level 2   |  4 s  |  4 s  |  4 s  | ...
//            level 1           | 64 ms | 64 ms | 64 ms | ...
//            level 0                   |1|1|1|1| ...
//                        now ->        ^
//
//          An entry is at the level of the highest digit (to base 64) in which its instant differs from now,
//          in the slot of that digit. When time reaches a slot whose whole range has passed, its list is due;
//          otherwise its entries move to finer levels. So an entry is never due early, and when it is due
//          depends on no tick but the millisecond. Eleven levels reach to the end of time.
// Usage:   wheel.add(record);  wheel.remove(record);               // as it comes and goes
//          while (!wheel.advance(now_ms, moves)) do_other_work();  // false: not all of the way yet
//          std::size_t n = wheel.collect_due(records);             // they stay in until they are removed
// Threads: one.
// Lifetime: a record is removed before it is freed. What is still in when the wheel goes keeps a link that
//          nobody may follow: such a record is never added to another wheel or removed from one.
// Cost:    add(), remove() and due(): constant, no allocation, the links are in the records. advance(): a
//          slot that has passed moves as a whole; of others each entry moves once for each level, at most
//          `moves` of them a call.
class TimerWheel {
 public:
  static constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

  TimerWheel() noexcept;
  TimerWheel(const TimerWheel&) = delete;
  TimerWheel& operator=(const TimerWheel&) = delete;

  // No effect on a record that never expires; one that does must not be in.
  void add(Record& record) noexcept;
  // No effect on a record that is not in.
  void remove(Record& record) noexcept;

  // Moves time to `now_ms`, 0 or later. Back too: then all entries find their places anew, in as many calls
  // as `moves` makes of it. False: what is due is known in part only, another call goes on from there.
  bool advance(std::int64_t now_ms, std::size_t moves) noexcept;
  // Fills `out` with the first that are due, in the order in which they became so; how many.
  std::size_t collect_due(std::span<Record*> out) const noexcept;
  // When advance() next has something to do: 0 = at once, kNever = not with what is in now. Nothing is due
  // before; a coarse slot may begin well before its first entry is due.
  std::int64_t due() const noexcept;

 private:
  static constexpr unsigned kDigitBits = 6;
  static constexpr std::size_t kSlots = std::size_t{1} << kDigitBits;
  static constexpr std::size_t kLevels = (63 + kDigitBits - 1) / kDigitBits;
  static constexpr std::size_t kDue = kLevels * kSlots;  // the lists behind those of the slots
  static constexpr std::size_t kMoving = kDue + 1;
  static constexpr std::size_t kLists = kMoving + 1;

  struct Slot {
    std::size_t level = 0;
    std::size_t index = 0;
    std::int64_t first = kNever;  // the instants that it covers
    std::int64_t last = kNever;
  };
  Slot next_slot() const noexcept;
  void place(ExpiryLink& link, std::int64_t at, std::int64_t due_until) noexcept;
  void append(std::size_t list, ExpiryLink& link) noexcept;
  void append_all(std::size_t to, std::size_t from) noexcept;
  void unlink(ExpiryLink& link) noexcept;
  void go_back(std::int64_t now_ms) noexcept;
  bool empty(std::size_t list) const noexcept { return lists_[list].next == &lists_[list]; }

  std::int64_t now_ms_ = 0;                        // every entry in a slot is due later than this
  std::int64_t until_ms_ = 0;                      // where advance() goes: what is due is due by then
  std::array<std::uint64_t, kLevels> occupied_{};  // a bit for each slot that is not empty
  std::array<ExpiryLink, kLists> lists_;           // circular, the heads among them
};

}  // namespace flashkv
