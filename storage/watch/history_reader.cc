#include "storage/watch/history_reader.h"

namespace flashkv {

HistoryReader::Window HistoryReader::look() noexcept {
  Window w;
  w.published = history_.published_.load(std::memory_order_acquire);  // (H1)
  w.end = history_.end_.load(std::memory_order_acquire);
  w.directory = history_.directory_.load(std::memory_order_acquire);
  w.first = history_.first_.load(std::memory_order_acquire);  // (H2)
  return w;
}

HistoryReader::Window HistoryReader::enter(HistoryCursor& at) noexcept {
  Window w = look();
  if (WatchHistory::chunk_of(at.place) >= w.first) return w;
  w.compacted = at.revision + 1 < history_.floor_.load(std::memory_order_acquire);  // (H3)
  if (!w.compacted) at.place = WatchHistory::place(w.first, 0);
  return w;
}

const WatchEvent* HistoryReader::next(const Window& w, std::uint64_t& place, std::uint64_t end) noexcept {
  while (place < end) {
    const std::uint64_t number = WatchHistory::chunk_of(place);
    const EventChunk* const chunk = w.directory->at(number);
    // The last chunk may still grow: there `end` bounds the index.
    if (number == WatchHistory::chunk_of(end) || WatchHistory::index_of(place) < chunk->count) {
      return &chunk->events[WatchHistory::index_of(place)];
    }
    place = WatchHistory::place(number + 1, 0);
  }
  return nullptr;
}

// The end is read before the revision: events published in between are read once more, and none is passed.
HistoryCursor HistoryReader::now() noexcept {
  const std::lock_guard lock(section_);
  const std::uint64_t end = history_.end_.load(std::memory_order_acquire);
  return {end, look().published};
}

bool HistoryReader::seek(std::uint64_t revision, HistoryCursor& to) noexcept {
  const std::lock_guard lock(section_);
  const std::uint64_t end = history_.end_.load(std::memory_order_acquire);  // as in now()
  const Window w = look();
  if (revision < history_.floor_.load(std::memory_order_acquire)) return false;
  to = {end, w.published};
  if (revision > w.published) return true;
  // The first chunk that ends at `revision` or later. Of the last one only a part may be published.
  std::uint64_t low = w.first;
  std::uint64_t high = WatchHistory::chunk_of(w.end);
  while (low < high) {
    const std::uint64_t middle = low + (high - low) / 2;
    if (w.directory->at(middle)->last_revision < revision) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  to = {WatchHistory::place(low, 0), revision - 1};
  for (const WatchEvent* e = next(w, to.place, w.end); e != nullptr && e->revision < revision;) {
    ++to.place;
    e = next(w, to.place, w.end);
  }
  return true;
}

}  // namespace flashkv
