#include "storage/order/retired.h"

#include <algorithm>
#include <utility>

namespace flashkv::order {
static_assert(sizeof(RetiredChunk) <= kNodeBytes);

namespace {
std::size_t room(const RetiredChunk* chunk) noexcept {
  return chunk == nullptr ? 0 : RetiredChunk::kCapacity - chunk->size;
}
}  // namespace

void Retired::add(Node* node) noexcept {
  node->link = first_node_;
  first_node_ = node;
  ++nodes_;
}

void Retired::add(Record* record, NodePool& pool) noexcept {
  if (room(first_chunk_) == 0) {
    auto* chunk = pool.make<RetiredChunk>();
    chunk->next = std::exchange(first_chunk_, chunk);
    ++chunks_;
  }
  first_chunk_->records[first_chunk_->size++] = record;
  ++records_;
  record_bytes_ += record->bytes();
}

std::size_t Retired::blocks_for(std::size_t records) const noexcept {
  const std::size_t here = room(first_chunk_);
  if (records <= here) return 0;
  return (records - here + RetiredChunk::kCapacity - 1) / RetiredChunk::kCapacity;
}

std::size_t Retired::sift(Retired* keeper, std::uint64_t revision, std::size_t most,
                          NodePool& pool) noexcept {
  std::size_t done = 0;
  for (; first_node_ != nullptr && done < most; ++done) {
    Node* node = std::exchange(first_node_, first_node_->link);
    --nodes_;
    if (keeper != nullptr && node->born <= revision) {
      keeper->add(node);
    } else {
      pool.give(node);  // (I5)
    }
  }
  while (first_chunk_ != nullptr && done < most) {
    RetiredChunk* chunk = std::exchange(first_chunk_, first_chunk_->next);
    --chunks_;
    done += chunk->size;
    sift_chunk(chunk, keeper, revision, pool);
  }
  return done;
}

void Retired::sift_chunk(RetiredChunk* chunk, Retired* keeper, std::uint64_t revision,
                         NodePool& pool) noexcept {
  std::uint32_t kept = 0;
  std::uint64_t kept_bytes = 0;
  for (std::uint32_t i = 0; i < chunk->size; ++i) {
    Record* record = chunk->records[i];
    const std::uint64_t bytes = record->bytes();
    record_bytes_ -= bytes;
    if (keeper != nullptr && record->mod_revision() <= revision) {
      chunk->records[kept++] = record;
      kept_bytes += bytes;
    } else {
      record->release();  // (I5, I6)
    }
  }
  records_ -= chunk->size;
  chunk->size = kept;
  if (kept == 0) return pool.give(chunk);
  keeper->records_ += kept;
  keeper->record_bytes_ += kept_bytes;
  keeper->take(chunk, pool);
}

// All blocks of the list but the first are more than half full: two that would have fitted into one are one,
// and the fuller of two goes second.
void Retired::take(RetiredChunk* chunk, NodePool& pool) noexcept {
  if (room(first_chunk_) >= chunk->size) {
    std::copy_n(chunk->records, chunk->size, first_chunk_->records + first_chunk_->size);
    first_chunk_->size += chunk->size;
    return pool.give(chunk);
  }
  ++chunks_;
  if (first_chunk_ != nullptr && room(first_chunk_) > room(chunk)) {
    chunk->next = std::exchange(first_chunk_->next, chunk);
  } else {
    chunk->next = std::exchange(first_chunk_, chunk);
  }
}

}  // namespace flashkv::order
