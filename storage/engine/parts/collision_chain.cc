#include "storage/engine/parts/collision_chain.h"

#include <cstring>
#include <new>

#include "storage/sync/sync.h"

namespace flashkv {
namespace {

CollisionChain* next_free(CollisionChain* chain) noexcept {
  CollisionChain* next;
  std::memcpy(&next, static_cast<const void*>(chain + 1), sizeof next);
  return next;
}

void set_next_free(CollisionChain* chain, CollisionChain* next) noexcept {
  std::memcpy(static_cast<void*>(chain + 1), &next, sizeof next);
}

void release_record(void* record) noexcept { static_cast<Record*>(record)->release(); }
void destroy_chain(void* chain) noexcept { CollisionChain::destroy(static_cast<CollisionChain*>(chain)); }

}  // namespace

bool ChainMemory::reserve(std::size_t records) noexcept {
  if (records < 2) return true;
  void* block = ::operator new(CollisionChain::bytes_for(records), std::nothrow);
  if (block == nullptr) return false;
  auto* chain = new (block) CollisionChain(static_cast<std::uint32_t>(records));
  bytes_ += chain->bytes();
  CollisionChain* larger = nullptr;
  CollisionChain* next = free_;
  while (next != nullptr && next->capacity_ > chain->capacity_) {
    larger = next;
    next = next_free(next);
  }
  set_next_free(chain, next);
  if (larger == nullptr) {
    free_ = chain;
  } else {
    set_next_free(larger, chain);
  }
  return true;
}

CollisionChain* ChainMemory::take(std::size_t records) noexcept {
  CollisionChain* before = nullptr;
  CollisionChain* chain = free_;
  if (chain == nullptr || chain->capacity_ < records) sync::fatal("a chain that was not reserved");
  for (CollisionChain* next = next_free(chain); next != nullptr && next->capacity_ >= records;
       next = next_free(next)) {
    before = chain;
    chain = next;
  }
  if (before == nullptr) {
    free_ = next_free(chain);
  } else {
    set_next_free(before, next_free(chain));
  }
  bytes_ -= chain->bytes();
  return chain;
}

void ChainMemory::drop_reservations() noexcept {
  while (free_ != nullptr) {
    CollisionChain* chain = free_;
    free_ = next_free(chain);
    CollisionChain::destroy(chain);
  }
  bytes_ = 0;
}

Record* Leaf::find_in_chain(std::string_view key) const noexcept {
  for (Record* r : chain()->records()) {
    if (r->key() == key) return r;
  }
  return nullptr;
}

LeafChange Leaf::with(Record* record, ChainMemory& memory) const noexcept {
  Record* replaced = find(record->key());
  if (size() == (replaced != nullptr ? 1U : 0U)) return {Leaf(record), replaced, nullptr};
  CollisionChain* built = memory.take(size() + (replaced != nullptr ? 0 : 1));
  // Newest first: the record written last is likely to be read soon.
  built->push(record);
  for_each([&](Record* r) {
    if (r != replaced) built->push(r);
  });
  return {of(built), replaced, chain()};
}

LeafChange Leaf::without(std::string_view key, ChainMemory& memory) const noexcept {
  Record* erased = find(key);
  if (erased == nullptr) return {*this, nullptr, nullptr};
  if (!is_chain()) return {Leaf(), erased, nullptr};
  const auto records = chain()->records();
  if (records.size() == 2) return {Leaf(records[records[0] == erased ? 1 : 0]), erased, chain()};
  CollisionChain* built = memory.take(records.size() - 1);
  for (Record* r : records) {
    if (r != erased) built->push(r);
  }
  return {of(built), erased, chain()};
}

void Leaf::destroy() const noexcept {
  for_each([](Record* r) { r->release(); });
  if (is_chain()) CollisionChain::destroy(chain());
}

void LeafChange::retire(reclaim::RetireList& list) const noexcept {
  if (removed != nullptr) list.retire(removed, &release_record, removed->bytes());
  if (chain != nullptr) list.retire(chain, &destroy_chain, chain->bytes());
}

}  // namespace flashkv
