#include "storage/engine/cuckoo/draft.h"

#include <new>
#include <utility>

#include "storage/engine/cuckoo/chain_draft.h"
#include "storage/sync/sync.h"

namespace flashkv::cuckoo {
namespace {

void release_record(void* record) noexcept { static_cast<Record*>(record)->release(); }
void destroy_chain(void* chain) noexcept { CollisionChain::destroy(static_cast<CollisionChain*>(chain)); }

// Doubles, so that many small calls do not copy each time.
template <typename T>
void reserve_more(std::vector<T>& list, std::size_t more) {
  const std::size_t needed = list.size() + more;
  if (needed > list.capacity()) list.reserve(needed < 2 * list.size() ? 2 * list.size() : needed);
}

}  // namespace

// When the engine is destroyed the newest state is a draft, and owns its records and chains.
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

bool Draft::reserve(std::span<const Probe> probes) noexcept try {
  constexpr std::size_t kMostDirty = Eviction::kMostMoves + 1;  // of one key
  reserve_more(touched_, probes.size());
  if (replay_) {
    // Batches that reserve and change nothing are never replayed: the list must not grow without bound.
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

// Gives the hash a slot with room for the key.
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
  // One claim belongs to the slot's record or, in a promised slot, to the key it was promised to: perhaps
  // this same key, but the slot does not say.
  const std::size_t claims = (leaf.empty() ? 1 : leaf.size()) + (present ? 0 : 1);
  CollisionChain* chain = ChainDraft::make(leaf, static_cast<std::uint32_t>(claims));
  if (chain == nullptr) return false;
  if (leaf.is_chain()) {
    // The old chain is replaced whatever the batch does: readers never see a draft.
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

void Draft::upsert(Record* record, std::uint64_t hash) noexcept {
  Slot* slot = table_->slot(hash);  // (I5)
  if (slot == nullptr) sync::fatal("a key that was not reserved");
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
    if (leaf.single() != replaced) sync::fatal("a key that was not reserved, beside another with its hash");
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
    // The slot stays until seal() (I6): the batch may bring the key back.
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

std::uint64_t Draft::bytes() const noexcept {
  return (table_ == nullptr ? 0 : table_->bytes()) + (twin_ == nullptr ? 0 : twin_->bytes()) + chain_bytes_ +
         (touched_.capacity() + dirty_.capacity()) * sizeof(std::uint64_t);
}

}  // namespace flashkv::cuckoo
