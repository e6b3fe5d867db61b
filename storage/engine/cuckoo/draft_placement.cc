// Placement of a draft's slots: eviction, other seeds, other sizes, and the same for its twin.
#include <algorithm>
#include <utility>

#include "storage/engine/cuckoo/draft.h"

namespace flashkv::cuckoo {
namespace {

// In a fuller table insertions search for long; with two buckets of four slots, cycles begin at 97 %.
constexpr std::uint64_t most_used(std::uint64_t slots) noexcept { return slots / 8 * 7; }
constexpr bool is_sparse(std::uint64_t used, std::uint64_t slots) noexcept { return used < slots / 8; }

}  // namespace

bool Draft::insert(std::uint64_t hash) noexcept {
  if (used_ + 1 > most_used(table_->slot_count())) {
    if (!rebuild(table_->log2() + 1, hash)) return false;
  } else if (const auto way = Eviction::search(*table_, hash)) {
    way->apply(*table_, {hash, kPromised});
    if (replay_ && !all_dirty_) way->for_each_bucket([this](std::uint64_t b) { dirty_.push_back(b); });
  } else if (!rebuild(table_->log2(), hash)) {  // a cycle
    return false;
  }
  ++used_;
  return true;
}

// Puts all hashes, and one more that is promised, into a table of at least this size under another seed.
// Returns false if nothing has changed.
bool Draft::rebuild(unsigned log2, std::optional<std::uint64_t> promised) noexcept {
  constexpr int kSeedTries = 4;
  // Hashes that still collide in a table with this many slots would collide in a larger one, too.
  constexpr std::uint64_t kMostSlotsPerHash = 64;
  const std::uint64_t most_slots =
      std::max(kMostSlotsPerHash * (used_ + kBucketSlots), std::uint64_t{kBucketSlots} << log2);
  std::uint64_t seed = table_->seed();
  for (; log2 <= limits_.max_log2 && (kBucketSlots << log2) <= most_slots; ++log2) {
    Table* into = Table::make(log2, seed);
    if (into == nullptr) return false;
    for (int tries = 0; tries < kSeedTries; ++tries) {
      seed = next_seed(seed);
      into->clear(seed);
      if (fill(*into, promised)) return adopt(into);
    }
    Table::destroy(into);
  }
  return false;
}

bool Draft::adopt(Table* rebuilt) noexcept {
  if (replay_) {
    Table* twin = Table::make(rebuilt->log2(), rebuilt->seed());
    if (twin == nullptr) {
      Table::destroy(rebuilt);
      return false;
    }
    Table::destroy(std::exchange(twin_, twin));
    all_dirty_ = true;
    dirty_.clear();
  }
  rebuilt->set_revision(table_->revision());
  Table::destroy(std::exchange(table_, rebuilt));
  return true;
}

bool Draft::fill(Table& into, std::optional<std::uint64_t> promised) const noexcept {
  const auto put = [&into](const Slot& slot) {
    const auto way = Eviction::search(into, slot.hash);
    if (way) way->apply(into, slot);
    return way.has_value();
  };
  if (promised && !put({*promised, kPromised})) return false;
  for (std::uint64_t b = 0; b < table_->bucket_count(); ++b) {
    for (const Slot& s : table_->buckets()[b].slots) {
      if (s.word != 0 && !put(s)) return false;
    }
  }
  return true;
}

// Halves the table, at most once a batch, and only if there is memory for it.
void Draft::shrink_if_sparse() noexcept {
  if (table_->log2() > Table::kLeastLog2 && is_sparse(used_, table_->slot_count()))
    static_cast<void>(rebuild(table_->log2() - 1, std::nullopt));
}

void Draft::note(const Slot& slot) noexcept {
  if (!replay_ || all_dirty_) return;
  const auto* bucket =
      reinterpret_cast<const Bucket*>(reinterpret_cast<std::uintptr_t>(&slot) & ~(sizeof(Bucket) - 1));
  dirty_.push_back(static_cast<std::uint64_t>(bucket - table_->buckets()));
}

Table* Draft::replay(Table* twin, const Table& published) noexcept {
  if (twin_ != nullptr) Table::destroy(std::exchange(twin, std::exchange(twin_, nullptr)));
  if (all_dirty_) {
    twin->assign(published);
  } else {
    for (const std::uint64_t bucket : dirty_) twin->assign(published, bucket);
  }
  all_dirty_ = false;
  dirty_.clear();
  return twin;
}

}  // namespace flashkv::cuckoo
