#include "storage/engine/parts/batch_words.h"

#include <iterator>
#include <new>

namespace flashkv {

bool BatchWords::add(std::uint64_t word, std::string_view key, Leaf leaf, Promise& promise) noexcept try {
  const auto at = words_.try_emplace(word).first;
  Count& count = at->second;
  ++count.changes;
  // A single change, where no other key has the word, leaves at most one record: no chain.
  const bool alone = count.changes == 1 && (leaf.empty() || (!leaf.is_chain() && leaf.find(key) != nullptr));
  if (!alone && !reserve_chains(count, leaf.size() + count.changes)) {
    remove(word);
    return false;
  }
  promise.changes = count.changes;
  promise.below = at == words_.begin() ? std::nullopt : std::optional(std::prev(at)->first);
  promise.above = std::next(at) == words_.end() ? std::nullopt : std::optional(std::next(at)->first);
  return true;
} catch (const std::bad_alloc&) {
  return false;
}

// Reserves one chain for each change, the first included: it may be applied after the others.
bool BatchWords::reserve_chains(Count& count, std::size_t records) noexcept {
  for (; count.chains < count.changes; ++count.chains) {
    if (!chains_.reserve(records)) return false;
  }
  return true;
}

void BatchWords::remove(std::uint64_t word) noexcept {
  const auto at = words_.find(word);
  if (at != words_.end() && --at->second.changes == 0) words_.erase(at);
}

void BatchWords::drop_reservations() noexcept {
  words_.clear();
  chains_.drop_reservations();
}

}  // namespace flashkv
