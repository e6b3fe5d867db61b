#include "storage/engine/perfect_hash/bucket.h"

#include <cstring>
#include <memory>
#include <new>

namespace flashkv::perfect_hash {

Bucket* Bucket::make(std::span<const Entry> entries, Multipliers& multipliers, std::uint64_t hint) noexcept {
  std::size_t slots = slots_for(entries.size());
  for (unsigned doubling = 0; doubling <= kDoublings; ++doubling, slots *= 2) {
    void* block = ::operator new(bytes_for(entries.size(), slots), std::nothrow);
    if (block == nullptr) return nullptr;
    auto* bucket = new (block) Bucket(entries.size(), slots);
    std::uninitialized_copy(entries.begin(), entries.end(), bucket->entries().begin());
    if (hint != 0 && bucket->place_all(hint)) return bucket;
    for (unsigned i = 0; i < kTries; ++i) {
      if (bucket->place_all(multipliers.next())) return bucket;
    }
    destroy(bucket);
  }
  return nullptr;
}

// Places all words by this multiplier. False: two words meet in one slot.
bool Bucket::place_all(std::uint64_t multiplier) noexcept {
  multiplier_ = multiplier;
  auto* slots = reinterpret_cast<std::uint8_t*>(entries().data() + words_);
  std::memset(slots, kNone, slots_);
  for (std::uint8_t i = 0; i < words_; ++i) {
    std::uint8_t& which = const_cast<std::uint8_t&>(*slot(first()[i].word));
    if (which != kNone) return false;
    which = i;
  }
  return true;
}

}  // namespace flashkv::perfect_hash
