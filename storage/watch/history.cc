#include "storage/watch/history.h"

#include <algorithm>
#include <new>
#include <utility>

namespace flashkv {
namespace {
// What is kept for the next request once the store is idle.
constexpr std::uint64_t kSpares = 8;
constexpr std::uint64_t kFirstDirectory = 64;
}  // namespace

WatchHistory::WatchHistory(std::uint64_t max_bytes, std::uint64_t revision)
    : max_bytes_(max_bytes), published_(revision), floor_(revision + 1) {}

WatchHistory::~WatchHistory() {
  for (std::uint64_t n = freed_; n < next_; ++n) give_back(chunk(n));
  while (spare_ != nullptr) delete std::exchange(spare_, spare_->next);
}

bool WatchHistory::reserve(std::size_t events, std::uint64_t bytes) noexcept {
  if (!is_on() || events == 0) return true;
  // A chunk ends when it is full, or keeps its part of the bound.
  const std::uint64_t needed = events / EventChunk::kEvents +
                               (bytes + events * sizeof(WatchEvent)) / (max_bytes_ / kChunksInBound + 1) + 2;
  const std::uint64_t chunks = std::min<std::uint64_t>(needed, events);
  if (!reserve_directory(chunks)) return false;
  while (spares_ < chunks) {
    auto* chunk = new (std::nothrow) EventChunk;
    if (chunk == nullptr) return false;
    chunk->next = std::exchange(spare_, chunk);
    ++spares_;
  }
  return true;
}

bool WatchHistory::reserve_directory(std::uint64_t more) noexcept try {
  Directory* const now = directory_.load(std::memory_order_relaxed);
  const std::uint64_t needed = next_ - freed_ + more;
  std::uint64_t size = now == nullptr ? 0 : now->mask + 1;
  if (needed <= size) return true;
  size = std::max(size, kFirstDirectory);
  while (size < needed) size *= 2;
  auto larger = std::make_unique<Directory>(size);
  for (std::uint64_t n = freed_; n < next_; ++n) larger->at(n) = now->at(n);
  directories_.push_back(std::move(larger));
  directory_.store(directories_.back().get(), std::memory_order_release);
  return true;
} catch (const std::bad_alloc&) {
  return false;
}

void WatchHistory::begin_chunk() noexcept {
  newest_ = std::exchange(spare_, spare_->next);
  --spares_;
  newest_->count = 0;
  newest_->bytes = sizeof(EventChunk);
  newest_->next = nullptr;
  directory_.load(std::memory_order_relaxed)->at(next_++) = newest_;
  kept_bytes_ += newest_->bytes;
}

void WatchHistory::append(const WatchEvent& event) noexcept {
  if (!is_on()) return;
  if (newest_ == nullptr || newest_->count == EventChunk::kEvents ||
      newest_->bytes > sizeof(EventChunk) + max_bytes_ / kChunksInBound) {
    begin_chunk();
  }
  if (batch_events_++ == 0) batch_ = next_ - 1;
  ++kept_events_;
  if (event.prev != nullptr) {
    auto* prev = const_cast<Record*>(event.prev);
    prev->retain();
    newest_->bytes += prev->bytes();
    kept_bytes_ += prev->bytes();
  }
  newest_->last_revision = event.revision;
  newest_->events[newest_->count++] = event;
}

void WatchHistory::publish(std::uint64_t revision) noexcept {
  if (is_on()) {
    if (newest_ != nullptr) end_.store(place(next_ - 1, newest_->count), std::memory_order_release);
    drop_until(batch_);
    // As much as this batch has added, and more where a larger one was dropped.
    free_dropped(2 * (batch_events_ / EventChunk::kEvents) + kSpares);
    batch_events_ = 0;
    idle_collects_ = 0;
    show_sizes();
  }
  published_.store(revision, std::memory_order_seq_cst);  // (H1), and the W1 of PublishWaits
}

// Beyond the bound, chunks before `keep` are dropped.
void WatchHistory::drop_until(std::uint64_t keep) noexcept {
  std::uint64_t floor = 0;
  const std::uint64_t before = dropped_;
  while (kept_bytes_ > max_bytes_ && dropped_ < keep) {
    EventChunk* const oldest = chunk(dropped_++);
    if (oldest == newest_) {
      newest_ = nullptr;
      end_.store(place(next_, 0), std::memory_order_release);
    }
    floor = oldest->last_revision + 1;
    kept_bytes_ -= oldest->bytes;
    kept_events_ -= oldest->count;
    dropped_bytes_ += oldest->bytes;
  }
  if (dropped_ == before) return;
  floor_.store(floor, std::memory_order_release);     // (H3)
  first_.store(dropped_, std::memory_order_release);  // (H2)
}

void WatchHistory::free_dropped(std::uint64_t most) noexcept {
  if (freed_ == dropped_) return;
  if (freed_ == covered_) {
    covered_ = dropped_;
    period_ = periods_.start();  // (H2)
  }
  if (!periods_.ended(period_)) return;
  for (; most > 0 && freed_ < covered_; --most) {
    EventChunk* const chunk = this->chunk(freed_++);
    dropped_bytes_ -= chunk->bytes;
    give_back(chunk);
  }
}

void WatchHistory::give_back(EventChunk* chunk) noexcept {
  // Nobody has touched the records for long.
  constexpr std::uint32_t kAhead = 8;
  for (std::uint32_t i = 0; i < chunk->count; ++i) {
    if (i + kAhead < chunk->count) __builtin_prefetch(chunk->events[i + kAhead].prev, 1);
    if (chunk->events[i].prev != nullptr) const_cast<Record*>(chunk->events[i].prev)->release();
  }
  if (spares_ >= kSpares) {
    delete chunk;
  } else {
    chunk->next = std::exchange(spare_, chunk);
    ++spares_;
  }
}

bool WatchHistory::collect() noexcept {
  if (!is_on()) return false;
  if (kept_bytes_ > max_bytes_ && batch_events_ == 0 && ++idle_collects_ >= kIdleCollects) drop_until(next_);
  free_dropped(kFreedAtOnce);
  free_dropped(kFreedAtOnce);  // what a period that was under way did not cover
  while (spares_ > kSpares) {
    delete std::exchange(spare_, spare_->next);
    --spares_;
  }
  show_sizes();
  return freed_ != dropped_ || kept_bytes_ > max_bytes_;
}

bool WatchHistory::has_room() noexcept {
  if (dropped_bytes_ <= max_bytes_) return true;
  free_dropped(kFreedAtOnce);
  return dropped_bytes_ <= max_bytes_;
}

void WatchHistory::show_sizes() noexcept {
  shown_bytes_.store(kept_bytes_ + dropped_bytes_, std::memory_order_relaxed);
  shown_events_.store(kept_events_, std::memory_order_relaxed);
}

}  // namespace flashkv
