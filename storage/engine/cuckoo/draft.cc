#include "storage/engine/cuckoo/draft.h"

#include <new>
#include <utility>

#include "storage/engine/cuckoo/chain_draft.h"
#include "storage/sync/sync.h"

namespace flashkv::cuckoo {
namespace {

// Fuller than this an insertion looks long; with buckets of four slots, two each, cycles begin at 97 %.
constexpr std::uint64_t most_used(std::uint64_t slots) noexcept { return slots / 8 * 7; }
constexpr bool is_sparse(std::uint64_t used, std::uint64_t slots) noexcept { return used < slots / 8; }

void release_record(void* record) noexcept { static_cast<Record*>(record)->release(); }
void destroy_chain(void* chain) noexcept { CollisionChain::destroy(static_cast<CollisionChain*>(chain)); }

// Doubles, so that many small calls do not copy each time.
template <typename T>
void reserve_more(std::vector<T>& list, std::size_t more) {
  const std::size_t needed = list.size() + more;
  if (needed > list.capacity()) list.reserve(needed < 2 * list.size() ? 2 * list.size() : needed);
}

}  // namespace

// At the close: the newest state owns its records and chains.
Draft::~Draft() {
  Table::destroy(twin_);
  if (table_ == nullptr) return;
  seal();
  table_->for_each_used([](const Slot& s) { Leaf(s.word).destroy(); });
  Table::destroy(table_);
}

Record* Draft::find(const Probe& probe) noexcept {
  const Slot* slot = table_->slot(probe.hash);
  return slot == nullptr ? nullptr : leaf_of(*slot).find(probe.key);
}

bool Draft::prepare(std::span<const Probe> probes) noexcept try {
  constexpr std::size_t kMostDirty = Eviction::kMostMoves + 1;  // of one key
  reserve_more(touched_, probes.size());
  if (replay_) {
    // Batches that promise and change nothing are not replayed: the list must not grow for ever.
    if (dirty_.size() > table_->bucket_count()) all_dirty_ = true;
    if (all_dirty_) dirty_.clear();
    reserve_more(dirty_, kMostDirty * probes.size());
  }
  // A record that is replaced, and a chain that is rebuilt.
  if (!retired_.reserve(2 * probes.size())) return false;
  if (touched_.empty()) shrink_if_sparse();
  for (const Probe& probe : probes) {
    if (!promise(probe)) return false;
  }
  return true;
} catch (const std::bad_alloc&) {
  return false;
}

// Afterwards the hash has a slot, with room for the key.
bool Draft::promise(const Probe& probe) noexcept {
  Slot* slot = table_->slot(probe.hash);
  if (slot == nullptr) {
    if (!insert(probe.hash)) return false;
  } else {
    if (!claim(*slot, probe.key)) return false;
    note(*slot);
  }
  touched_.push_back(probe.hash);
  return true;
}

bool Draft::claim(Slot& slot, std::string_view key) noexcept {
  const Leaf leaf = leaf_of(slot);
  const bool present = leaf.find(key) != nullptr;
  if (is_draft_chain(slot)) {
    if (present) return true;
    CollisionChain* chain = leaf.chain();
    const std::size_t before = chain->bytes();
    chain = ChainDraft::claim(chain);
    if (chain == nullptr) return false;
    chain_bytes_ += chain->bytes() - before;
    set_chain(slot, chain);
    return true;
  }
  if (present && !leaf.is_chain()) return true;
  // One place is taken by a record or, in a promised slot, by the key it was promised to: perhaps this one, but
  // that is not known.
  const std::size_t claims = (leaf.empty() ? 1 : leaf.size()) + (present ? 0 : 1);
  CollisionChain* chain = ChainDraft::make(leaf, static_cast<std::uint32_t>(claims));
  if (chain == nullptr) return false;
  if (leaf.is_chain()) {
    // It is replaced whatever the batch does: readers never see a draft.
    retired_.retire(leaf.chain(), &destroy_chain, leaf.chain()->bytes());
    chain_bytes_ -= leaf.chain()->bytes();
    changed_ = true;
  }
  chain_bytes_ += chain->bytes();
  set_chain(slot, chain);
  return true;
}

void Draft::set_chain(Slot& slot, CollisionChain* chain) noexcept {
  slot.word = Leaf::of(chain).word() | kDraftTag;
}

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

// All hashes, and one more that is promised, in a table of at least this size, under another seed. False leaves
// everything as it is.
bool Draft::rebuild(unsigned log2, std::optional<std::uint64_t> promised) noexcept {
  constexpr int kSeedTries = 4;
  // Hashes that do not part in a table with so many slots will not part in a larger one either.
  constexpr std::uint64_t kMostSlotsPerHash = 64;
  const std::uint64_t most_slots = kMostSlotsPerHash * (used_ + kBucketSlots);
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

// By half a batch, and only if there is memory for it.
void Draft::shrink_if_sparse() noexcept {
  if (table_->log2() > Table::kLeastLog2 && is_sparse(used_, table_->slot_count()))
    static_cast<void>(rebuild(table_->log2() - 1, std::nullopt));
}

void Draft::upsert(Record* record, std::uint64_t hash) noexcept {
  Slot* slot = table_->slot(hash);
  if (slot == nullptr) sync::fatal("a key that was not prepared");
  const Leaf leaf = leaf_of(*slot);
  Record* replaced = leaf.find(record->key());
  record->retain();
  record_bytes_ += record->bytes();
  changed_ = true;
  if (is_draft_chain(*slot)) {
    if (replaced != nullptr) {
      ChainDraft::replace(leaf.chain(), replaced, record);
    } else {
      ChainDraft::put(leaf.chain(), record);
    }
  } else {
    if (leaf.single() != replaced) sync::fatal("a key that was not prepared, beside another with its hash");
    slot->word = Leaf(record).word();
  }
  if (replaced != nullptr) {
    retire(replaced);
  } else {
    ++keys_;
  }
}

void Draft::erase(const Probe& probe) noexcept {
  Slot* slot = table_->slot(probe.hash);
  Record* erased = slot == nullptr ? nullptr : leaf_of(*slot).find(probe.key);
  if (erased == nullptr) return;
  changed_ = true;
  --keys_;
  if (is_draft_chain(*slot)) {
    ChainDraft::remove(leaf_of(*slot).chain(), erased);
  } else {
    // The slot stays until seal(): the batch may bring the key back.
    slot->word = kPromised;
  }
  retire(erased);
}

void Draft::retire(Record* record) noexcept {
  record_bytes_ -= record->bytes();
  retired_.retire(record, &release_record, record->bytes());
}

void Draft::seal() noexcept {
  for (const std::uint64_t hash : touched_) {
    if (Slot* slot = table_->slot(hash)) seal(*slot);
  }
  touched_.clear();
  changed_ = false;
}

void Draft::seal(Slot& slot) noexcept {
  if (is_draft_chain(slot)) {
    CollisionChain* chain = leaf_of(slot).chain();
    const auto records = chain->records();
    if (records.size() >= 2) {
      slot.word &= ~kDraftTag;
      return;
    }
    slot.word = records.empty() ? kPromised : Leaf(records[0]).word();
    chain_bytes_ -= chain->bytes();
    CollisionChain::destroy(chain);
  }
  if (slot.word != kPromised) return;
  slot = Slot{};
  --used_;
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

std::uint64_t Draft::bytes() const noexcept {
  return (table_ == nullptr ? 0 : table_->bytes()) + (twin_ == nullptr ? 0 : twin_->bytes()) + chain_bytes_ +
         (touched_.capacity() + dirty_.capacity()) * sizeof(std::uint64_t);
}

}  // namespace flashkv::cuckoo
