#include "storage/order/ordered_index.h"

#include "storage/sync/sync.h"

namespace flashkv::order {

OrderedIndex::~OrderedIndex() {
  pins_.collect(Retired::kAll, pool_);
  batch_.sift(nullptr, 0, Retired::kAll, pool_);
  tree_.clear();
}

bool OrderedIndex::reserve(std::size_t changes) noexcept {
  if (!pool_.hold(tree_.blocks_for(promised_ + changes))) return false;
  promised_ += changes;
  return true;
}

bool OrderedIndex::reserve_only(const Changes& changes) noexcept {
  promised_ = 0;
  return pool_.hold(tree_.blocks_for(changes));
}

void OrderedIndex::upsert(Record* record) noexcept {
  tree_.upsert(record);
  use_promise();
}

void OrderedIndex::erase(std::string_view key) noexcept {
  tree_.erase(key);
  use_promise();
}

void OrderedIndex::publish(std::uint64_t revision) noexcept {
  const bool changed = !batch_.empty() || tree_.root().node != published_.root.node;
  if (revision < published_.revision || (changed && revision == published_.revision))
    sync::fatal("a revision of the ordered index that is not above the last");
  pins_.keep(batch_, pool_);
  tree_.freeze(revision);
  published_ = {tree_.root(), revision, tree_.keys()};
  promised_ = 0;
  pool_.trim(kept_blocks_);
}

Stats OrderedIndex::stats() const noexcept {
  Stats stats;
  stats.keys = tree_.keys();
  stats.node_bytes = tree_.nodes() * kNodeBytes;
  stats.pool_bytes = pool_.bytes();
  stats.retired_nodes = batch_.nodes() + pins_.nodes();
  stats.retired_records = batch_.records() + pins_.records();
  stats.retired_bytes = batch_.bytes() + pins_.bytes();
  stats.pins = pins_.size();
  stats.oldest_pin = pins_.oldest();
  return stats;
}

}  // namespace flashkv::order
