// Lookup of a key in its chain, for readers and for the writer.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "storage/engine/parts/chain/buckets.h"
#include "storage/engine/parts/chain/node.h"
#include "storage/record/same_key.h"
#include "storage/table/engine.h"

namespace flashkv::chain {

// The record of a key in the rest of a chain, or null. A node of another bucket never has the same hash, so
// comparing hashes also tells apart the chains that share nodes during a resize.
inline const Record* find_from(const Node* node, const Probe& probe) noexcept {
  for (; node != nullptr; node = node->next.load(sync::kAcquire)) {  // (I1)
    if (node->hash != probe.hash) continue;
    const Record* record = node->record.load(sync::kAcquire);  // once (I3)
    if (record != nullptr && same_key(*record, probe.key)) return record;
  }
  return nullptr;
}
inline const Record* find(const Buckets& buckets, const Probe& probe) noexcept {
  return find_from(buckets.link(probe.hash).load(sync::kAcquire), probe);  // (I1)
}

// The writer's own lookup; relaxed, because only the writer stores what it loads.
inline Node* locate(const Buckets& buckets, const Probe& probe) noexcept {
  Node* node = buckets.link(probe.hash).load(sync::kRelaxed);
  for (; node != nullptr; node = node->next.load(sync::kRelaxed)) {
    if (node->hash != probe.hash) continue;
    const Record* record = node->record.load(sync::kRelaxed);
    if (record != nullptr && same_key(*record, probe.key)) return node;
  }
  return nullptr;
}

inline constexpr std::size_t kGroup = 32;

// For at most kGroup probes whose buckets have been prefetched. Walks the chains side by side, one node of
// each per round, so that every round pays for one miss; then the candidates' records arrive together.
inline void find_group(const Buckets& buckets, std::span<const Probe> probes,
                       std::span<const Record*> found) noexcept {
  std::array<const Node*, kGroup> at;
  std::array<std::uint8_t, kGroup> walking;
  std::size_t walks = 0;
  for (std::size_t i = 0; i < probes.size(); ++i) {
    at[i] = buckets.link(probes[i].hash).load(sync::kAcquire);  // (I1)
    if (at[i] == nullptr) continue;
    __builtin_prefetch(at[i]);
    walking[walks++] = static_cast<std::uint8_t>(i);
  }
  while (walks > 0) {
    std::size_t left = 0;
    for (std::size_t w = 0; w < walks; ++w) {
      const std::size_t i = walking[w];
      if (at[i]->hash == probes[i].hash) {
        const Record* candidate = at[i]->record.load(sync::kAcquire);  // (I3)
        if (candidate != nullptr) {
          __builtin_prefetch(candidate);
          __builtin_prefetch(reinterpret_cast<const char*>(candidate) + 64);
        }
        continue;
      }
      at[i] = at[i]->next.load(sync::kAcquire);  // (I1)
      if (at[i] == nullptr) continue;
      __builtin_prefetch(at[i]);
      walking[left++] = walking[w];
    }
    walks = left;
  }
  for (std::size_t i = 0; i < probes.size(); ++i) found[i] = find_from(at[i], probes[i]);
}

// found[i] answers probes[i], all from the chains of these buckets.
inline void find_batch(const Buckets& buckets, std::span<const Probe> probes,
                       std::span<const Record*> found) noexcept {
  for (std::size_t first = 0; first < probes.size(); first += kGroup) {
    const std::size_t size = std::min(kGroup, probes.size() - first);
    const auto group = probes.subspan(first, size);
    for (const Probe& probe : group) __builtin_prefetch(&buckets.link(probe.hash));
    find_group(buckets, group, found.subspan(first, size));
  }
}

// A hint for locate(): the buckets, then their first nodes, then the records that these name.
inline void prefetch(const Buckets& buckets, std::span<const Probe> probes) noexcept {
  for (std::size_t first = 0; first < probes.size(); first += kGroup) {
    const auto group = probes.subspan(first, std::min(kGroup, probes.size() - first));
    for (const Probe& probe : group) __builtin_prefetch(&buckets.link(probe.hash), 1);
    for (const Probe& probe : group) {
      __builtin_prefetch(buckets.link(probe.hash).load(sync::kRelaxed), 1);
    }
    for (const Probe& probe : group) {
      const Node* head = buckets.link(probe.hash).load(sync::kRelaxed);
      if (head != nullptr && head->hash == probe.hash) {
        __builtin_prefetch(head->record.load(sync::kRelaxed));
      }
    }
  }
}

}  // namespace flashkv::chain
