// The writer's changes to a chain that only its own bucket leads into.
#pragma once

#include <cstdint>

#include "storage/engine/parts/chain/buckets.h"
#include "storage/engine/parts/chain/node.h"

namespace flashkv::chain {

// Pushes a node in front of the chain; it is complete before a reader can reach it (I1).
inline void push(Link& head, Node& node) noexcept {
  node.next.store(head.load(sync::kRelaxed), sync::kRelaxed);
  head.store(&node, sync::kRelease);
}

// The link that names `node` in the chain that starts at `link`; null finds the chain's end.
inline Link& link_to(Link& link, const Node* node) noexcept {
  Link* at = &link;
  for (Node* n = at->load(sync::kRelaxed); n != node; n = at->load(sync::kRelaxed)) at = &n->next;
  return *at;
}

// Cuts the node out of its chain. A reader on the node goes on from it as before, so it may be freed only
// after a grace period (I4).
inline void cut(Link& head, Node& node) noexcept {
  link_to(head, &node).store(node.next.load(sync::kRelaxed), sync::kRelease);
}

// For the destructor, when no reader is left and every node is in one chain.
inline void destroy_all(const Buckets& buckets) noexcept {
  for (std::uint64_t b = 0; b < buckets.size(); ++b) {
    for (Node* node = buckets.link(b).load(sync::kRelaxed); node != nullptr;) {
      Node* next = node->next.load(sync::kRelaxed);
      if (Record* record = node->record.load(sync::kRelaxed); record != nullptr) record->release();
      delete node;
      node = next;
    }
  }
}

}  // namespace flashkv::chain
