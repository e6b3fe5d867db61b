// Grace periods tell an engine when no reader can still hold what it unlinked.
#pragma once

#include <concepts>
#include <cstdint>

namespace flashkv::reclaim {

// Names a grace period of one object; periods end in the order of their numbers. 0 has always ended.
using Ticket = std::uint64_t;

// Concepts are formatted by hand: the formatter tears a requirement from its noexcept.
// clang-format off

// The writer's side, independent of the kind of read sections.
template <typename P>
concept PeriodCounter = requires(P& periods, Ticket ticket) {
  // Begins a period, or joins the next one to begin.
  { periods.start() } noexcept -> std::same_as<Ticket>;
  { periods.ended(ticket) } noexcept -> std::same_as<bool>;
};

// Purpose: a grace period is over when every read section that was open at its start has been left. What was
//          unlinked before the start can be freed after the end.
// Usage:   writer: unlink(node); Ticket t = periods.start(); ... later: if (periods.ended(t)) delete node;
//          reader: auto section = periods.make_section(); section.lock(); read(); section.unlock();
// Threads: start() and ended() from one writer; make_section() from any; a section belongs to the thread that
//          locks it first, and sections of one thread nest.
// Lifetime: sections are unlocked and destroyed before their periods object.
// Cost:    start() and ended() never wait and never allocate.
// Errors:  the constructor and make_section() may throw std::bad_alloc.
template <typename G>
concept GracePeriods = PeriodCounter<G> && requires(G& periods, typename G::Section& section) {
  { periods.make_section() } -> std::same_as<typename G::Section>;
  { section.lock() } noexcept;
  { section.unlock() } noexcept;
};

// clang-format on

}  // namespace flashkv::reclaim
