// A chain of equal hashes that no reader can find yet, so that it may change in place.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <new>

#include "storage/engine/parts/collision_chain.h"

namespace flashkv::cuckoo {

// Purpose: edits a chain in place. Its capacity counts claims, one for each record in it and one for each key
//          that was promised a place in this batch, so that put() always finds room.
// Cost:    claim(): an allocation whenever the number of claims passes a power of two.
class ChainDraft {
 public:
  // A chain of the leaf's records with `claims` claims, at least one per record. Null when memory is short.
  static CollisionChain* make(Leaf leaf, std::uint32_t claims) noexcept {
    CollisionChain* chain = allocate(claims);
    if (chain != nullptr) leaf.for_each([&](Record* r) { chain->push(r); });
    return chain;
  }
  // The chain with one more claim, perhaps at another address. Null when memory is short; the chain is then
  // unchanged.
  static CollisionChain* claim(CollisionChain* chain) noexcept {
    const std::uint32_t claims = chain->capacity_ + 1;
    if (claims <= std::bit_ceil(chain->capacity_)) {
      chain->capacity_ = claims;
      return chain;
    }
    CollisionChain* larger = allocate(claims);
    if (larger == nullptr) return nullptr;
    for (Record* r : chain->records()) larger->push(r);
    CollisionChain::destroy(chain);
    return larger;
  }
  static void put(CollisionChain* chain, Record* record) noexcept { chain->push(record); }
  static void replace(CollisionChain* chain, const Record* old, Record* record) noexcept {
    place_of(chain, old) = record;
  }
  static void remove(CollisionChain* chain, const Record* record) noexcept {
    place_of(chain, record) = chain->records().back();
    --chain->count_;
  }

 private:
  static CollisionChain* allocate(std::uint32_t claims) noexcept {
    void* block = ::operator new(CollisionChain::bytes_for(std::bit_ceil(claims)), std::nothrow);
    return block == nullptr ? nullptr : new (block) CollisionChain(claims);
  }
  static Record*& place_of(CollisionChain* chain, const Record* record) noexcept {
    Record** at = chain->first();
    while (*at != record) ++at;
    return *at;
  }
};

}  // namespace flashkv::cuckoo
