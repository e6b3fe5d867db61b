#include "storage/journal/journal_feed.h"

#include <algorithm>
#include <limits>
#include <new>
#include <utility>
#include <vector>

namespace flashkv {
namespace {
constexpr std::size_t kAll = std::numeric_limits<std::size_t>::max();
}  // namespace

JournalFeed::~JournalFeed() {
  while (collect()) {
  }
  while (const JournalBatch* left = queue().next(0)) {
    release(const_cast<JournalBatch&>(*left), kAll);
    queue().written(1);
  }
  release(queue().filling(), kAll);
}

bool JournalFeed::reserve(std::size_t changes) noexcept try {
  auto& entries = queue().filling().entries;
  // Doubles, as push_back() does: a request of one key must not copy the batch.
  if (entries.capacity() - entries.size() < changes)
    entries.reserve(std::max(2 * entries.capacity(), entries.size() + changes));
  return true;
} catch (const std::bad_alloc&) {
  return false;
}

void JournalFeed::append(Record& record, bool removed) noexcept {
  record.retain();
  JournalBatch& batch = queue().filling();
  batch.entries.push_back({&record, removed});
  const std::uint64_t bytes = record.bytes() + kEntryBytes;
  batch.bytes += bytes;
  bytes_ += bytes;
  ++appended_;
  waits_ = 0;  // no longer a published state: the next publish hands it over
}

void JournalFeed::publish(std::uint64_t revision) noexcept {
  if (queue().filling().entries.empty()) return;
  waits_ = revision;
  hand_over();
  show();
}

void JournalFeed::hand_over() noexcept {
  if (waits_ == 0 || !queue().has_free()) return;
  queue().filling().revision = waits_;
  waits_ = 0;
  queue().hand_over();
  pump_.wake();
}

bool JournalFeed::collect() noexcept {
  std::size_t most = kReleasedAtOnce + 2 * appended_;
  appended_ = 0;
  while (most > 0) {
    if (written_ == nullptr) written_ = queue().written_batch();
    if (written_ == nullptr) break;
    most -= release(*written_, most);
    if (!written_->entries.empty()) break;
    written_ = nullptr;
    queue().take_back();
  }
  hand_over();
  show();
  return queue().written_batch() != nullptr;
}

// How many it released; once that is all, the batch is empty.
std::size_t JournalFeed::release(JournalBatch& batch, std::size_t most) noexcept {
  constexpr std::size_t kAhead = 8;  // they were written some time ago, so hardly in a cache
  auto& entries = batch.entries;
  const std::size_t first = std::exchange(released_, 0);
  const std::size_t end = entries.size() - first <= most ? entries.size() : first + most;
  for (std::size_t i = first; i < end; ++i) {
    if (i + kAhead < end) __builtin_prefetch(entries[i + kAhead].record, 1);
    entries[i].record->release();
  }
  if (end < entries.size()) {
    released_ = end;
    return end - first;
  }
  bytes_ -= batch.bytes;
  batch.bytes = 0;
  if (entries.capacity() > kKeptEntries)
    std::vector<JournalEntry>().swap(entries);
  else
    entries.clear();
  return end - first;
}

}  // namespace flashkv
