// A node of a chain in a hash table.
#pragma once

#include <cstdint>

#include "storage/record/record.h"
#include "storage/sync/sync.h"

namespace flashkv::chain {

struct Node;
// A bucket's head, or a node's link to the next. Readers load it with acquire, the writer stores with release
// (I1).
using Link = sync::Atomic<Node*>;

// Purpose: one key in a chain: 24 bytes. Its hash never changes, its record is replaced in place.
// Threads: written by one writer, read by all.
struct Node {
  Node(std::uint64_t hash_of_key, Record* first) noexcept : hash(hash_of_key), record(first) {}

  const std::uint64_t hash;      // (I2)
  sync::Atomic<Record*> record;  // null: erased, and still in a chain
  Link next{nullptr};

  // Fits reclaim::RetireList.
  static void free(void* node) noexcept { delete static_cast<Node*>(node); }
};

}  // namespace flashkv::chain
