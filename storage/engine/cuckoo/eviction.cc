#include "storage/engine/cuckoo/eviction.h"

namespace flashkv::cuckoo {
namespace {

constexpr std::size_t kNodes = 256;
constexpr std::uint16_t kRoot = 0xffff;

// A bucket that is reached by moving a slot of its parent.
struct Node {
  std::uint64_t bucket;
  std::uint16_t parent;
  std::uint8_t slot;  // of the parent's
  std::uint8_t moves;
};

class Search {
 public:
  explicit Search(const Table& table) noexcept : table_(table) {}

  void add(const Node& node) noexcept {
    if (size_ < kNodes) nodes_[size_++] = node;
  }
  const Node* at(std::size_t i) const noexcept { return i < size_ ? &nodes_[i] : nullptr; }

  static std::optional<std::size_t> free_slot(const Bucket& bucket) noexcept {
    for (std::size_t s = 0; s < kBucketSlots; ++s) {
      if (bucket.slots[s].word == 0) return s;
    }
    return std::nullopt;
  }
  void expand(std::size_t i) noexcept {
    const Node node = nodes_[i];
    if (node.moves == Eviction::kMostMoves) return;
    const Bucket& bucket = table_.buckets()[node.bucket];
    for (std::size_t s = 0; s < kBucketSlots; ++s) {
      const std::uint64_t to = table_.places(bucket.slots[s].hash).other(node.bucket);
      // A path that visits a bucket twice would move a slot that is no longer there.
      if (passes(i, to)) continue;
      add({to, static_cast<std::uint16_t>(i), static_cast<std::uint8_t>(s),
           static_cast<std::uint8_t>(node.moves + 1)});
    }
  }

 private:
  bool passes(std::size_t i, std::uint64_t bucket) const noexcept {
    for (;; i = nodes_[i].parent) {
      if (nodes_[i].bucket == bucket) return true;
      if (nodes_[i].parent == kRoot) return false;
    }
  }

  const Table& table_;
  std::array<Node, kNodes> nodes_;
  std::size_t size_ = 0;
};

}  // namespace

std::optional<Eviction> Eviction::search(const Table& table, std::uint64_t hash) noexcept {
  const Places places = table.places(hash);
  Search search(table);
  search.add({places.first, kRoot, 0, 0});
  search.add({places.second, kRoot, 0, 0});
  for (std::size_t i = 0; const Node* node = search.at(i); ++i) {
    const auto free = Search::free_slot(table.buckets()[node->bucket]);
    if (!free) {
      search.expand(i);
      continue;
    }
    Eviction way;
    way.steps_ = node->moves + std::size_t{1};
    std::size_t slot = *free;
    for (std::size_t step = way.steps_; step-- > 0;) {
      way.at_[step] = {node->bucket, slot};
      slot = node->slot;
      if (node->parent != kRoot) node = search.at(node->parent);
    }
    return way;
  }
  return std::nullopt;
}

void Eviction::apply(Table& table, const Slot& slot) const noexcept {
  const auto at = [&](std::size_t step) -> Slot& {
    return table.buckets()[at_[step].bucket].slots[at_[step].slot];
  };
  for (std::size_t step = steps_ - 1; step > 0; --step) at(step) = at(step - 1);
  at(0) = slot;
}

}  // namespace flashkv::cuckoo
