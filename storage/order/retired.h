// Nodes and records that left the index and that a pin may still lead to.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>

#include "storage/order/node.h"
#include "storage/order/node_pool.h"

namespace flashkv::order {

// A block full of records that wait together.
struct RetiredChunk {
  static constexpr unsigned kCapacity = (kNodeBytes - 2 * sizeof(void*)) / sizeof(Record*);
  RetiredChunk* next = nullptr;
  std::uint32_t size = 0;
  Record* records[kCapacity];
};

// Purpose: a list of what was retired, and its bytes. Nodes are linked through themselves, records are kept
//          in blocks of the pool.
// Usage:   batch.add(node, pool);  batch.add(record, pool);
//          while (!batch.empty()) batch.sift(pins.newest(), revision_of_newest, 1'000, pool);
// Threads: one writer. Readers may be inside the nodes, but do not read their links.
// Lifetime: empty when it is destroyed.
// Cost:    add() of a record takes a block every kCapacity records. sift() reads each item once.
class Retired {
 public:
  static constexpr std::size_t kAll = std::numeric_limits<std::size_t>::max();

  Retired() = default;
  Retired(const Retired&) = delete;
  Retired& operator=(const Retired&) = delete;
  ~Retired() {
    if (!empty()) sync::fatal("a list of retired records died with some in it");
  }

  void add(Node* node) noexcept;
  // Takes over the index's ownership of the record.
  void add(Record* record, NodePool& pool) noexcept;
  // Blocks that `records` more would take from the pool.
  std::size_t blocks_for(std::size_t records) const noexcept;

  // Decides about `most` items, a block of records more or less: those that were made at `revision` or before
  // it go to `keeper`, the others are freed (I5). Without a keeper all are freed. Returns how many were
  // decided about.
  std::size_t sift(Retired* keeper, std::uint64_t revision, std::size_t most, NodePool& pool) noexcept;

  bool empty() const noexcept { return nodes_ == 0 && records_ == 0; }
  std::uint64_t nodes() const noexcept { return nodes_; }
  std::uint64_t records() const noexcept { return records_; }
  std::uint64_t bytes() const noexcept { return record_bytes_ + (nodes_ + chunks_) * kNodeBytes; }

 private:
  void sift_chunk(RetiredChunk* chunk, Retired* keeper, std::uint64_t revision, NodePool& pool) noexcept;
  void take(RetiredChunk* chunk, NodePool& pool) noexcept;

  Node* first_node_ = nullptr;
  RetiredChunk* first_chunk_ = nullptr;  // the one with the most room that is known
  std::uint64_t nodes_ = 0;
  std::uint64_t records_ = 0;
  std::uint64_t chunks_ = 0;
  std::uint64_t record_bytes_ = 0;
};

}  // namespace flashkv::order
