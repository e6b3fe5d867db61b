#include "storage/expiry/timer_wheel.h"

#include <bit>

namespace flashkv {

TimerWheel::TimerWheel() noexcept {
  for (ExpiryLink& head : lists_) head = {&head, &head};
}

void TimerWheel::add(Record& record) noexcept {
  const std::int64_t at = record.expires_at_ms();
  if (at != 0) place(record.expiry_link(), at, now_ms_);
}

void TimerWheel::remove(Record& record) noexcept {
  if (record.has_expiry_room() && record.expiry_link().next != nullptr) unlink(record.expiry_link());
}

// The finest level that has entries has the next: those of coarser levels differ from now in a higher digit.
TimerWheel::Slot TimerWheel::next_slot() const noexcept {
  for (std::size_t level = 0; level < kLevels; ++level) {
    if (occupied_[level] == 0) continue;
    const auto index = static_cast<std::size_t>(std::countr_zero(occupied_[level]));
    const auto shift = static_cast<unsigned>(level * kDigitBits);
    const std::uint64_t width = std::uint64_t{1} << shift;
    const std::uint64_t wider = (width << kDigitBits) - 1;  // at the top level the shift leaves 0, all bits
    const std::uint64_t first = (static_cast<std::uint64_t>(now_ms_) & ~wider) | (index << shift);
    return {level, index, static_cast<std::int64_t>(first), static_cast<std::int64_t>(first + width - 1)};
  }
  return {};
}

std::int64_t TimerWheel::due() const noexcept {
  return empty(kDue) && empty(kMoving) ? next_slot().first : 0;
}

bool TimerWheel::advance(std::int64_t now_ms, std::size_t moves) noexcept {
  if (now_ms < until_ms_) go_back(now_ms);
  until_ms_ = now_ms;
  for (;;) {
    for (; !empty(kMoving); --moves) {
      if (moves == 0) return false;
      ExpiryLink& link = *lists_[kMoving].next;
      unlink(link);
      place(link, Record::of(link).expires_at_ms(), now_ms);
    }
    const Slot slot = next_slot();
    if (slot.first > now_ms || slot.first == kNever) break;
    // No slot that has entries begins in between, so each of them keeps its level.
    now_ms_ = slot.first;
    occupied_[slot.level] &= ~(std::uint64_t{1} << slot.index);
    append_all(slot.last <= now_ms ? kDue : kMoving, slot.level * kSlots + slot.index);
  }
  now_ms_ = now_ms;
  return true;
}

std::size_t TimerWheel::collect_due(std::span<Record*> out) const noexcept {
  std::size_t n = 0;
  for (ExpiryLink* at = lists_[kDue].next; at != &lists_[kDue] && n < out.size(); at = at->next) {
    out[n++] = &Record::of(*at);
  }
  return n;
}

void TimerWheel::place(ExpiryLink& link, std::int64_t at, std::int64_t due_until) noexcept {
  if (at <= due_until) return append(kDue, link);
  const auto differs = static_cast<std::uint64_t>(at) ^ static_cast<std::uint64_t>(now_ms_);
  const auto level = static_cast<std::size_t>(std::bit_width(differs) - 1) / kDigitBits;
  const std::size_t index = (static_cast<std::uint64_t>(at) >> (level * kDigitBits)) % kSlots;
  occupied_[level] |= std::uint64_t{1} << index;
  append(level * kSlots + index, link);
}

void TimerWheel::go_back(std::int64_t now_ms) noexcept {
  for (std::size_t list = 0; list < kMoving; ++list) append_all(kMoving, list);
  occupied_.fill(0);
  now_ms_ = now_ms;
}

void TimerWheel::append(std::size_t list, ExpiryLink& link) noexcept {
  ExpiryLink& head = lists_[list];
  link = {&head, head.prev};
  head.prev->next = &link;
  head.prev = &link;
}

void TimerWheel::append_all(std::size_t to, std::size_t from) noexcept {
  if (empty(from)) return;
  ExpiryLink& head = lists_[to];
  ExpiryLink& taken = lists_[from];
  taken.next->prev = head.prev;
  head.prev->next = taken.next;
  taken.prev->next = &head;
  head.prev = taken.prev;
  taken = {&taken, &taken};
}

// The last of a list has the head on both sides.
void TimerWheel::unlink(ExpiryLink& link) noexcept {
  if (link.next == link.prev) {
    const auto list = static_cast<std::size_t>(link.next - lists_.data());
    if (list < kDue) occupied_[list / kSlots] &= ~(std::uint64_t{1} << list % kSlots);
  }
  link.prev->next = link.next;
  link.next->prev = link.prev;
  link = {};
}

}  // namespace flashkv
