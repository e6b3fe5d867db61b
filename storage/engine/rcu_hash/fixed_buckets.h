// An array of buckets that never changes its size.
#pragma once

#include <cstdint>
#include <memory>
#include <new>
#include <span>
#include <string_view>

#include "storage/engine/parts/chain/buckets.h"
#include "storage/engine/parts/chain/edit.h"
#include "storage/engine/parts/chain/lookup.h"

namespace flashkv {

// Purpose: the buckets of ChainedEngine (parts/chain/chained_engine.h), in a number fixed by the constructor.
// Threads: find() and find_batch() from any, inside a read section; all else from one writer.
// Cost:    keys / buckets nodes per chain: beyond a few keys per bucket, lookups and writes slow down in
//          proportion to the keys.
// Errors:  the constructor throws std::bad_alloc; nothing else fails.
class FixedBuckets {
 public:
  static constexpr std::string_view kName = "rcu-hash";
  // 2^20 buckets: 8 MiB, of which the untouched pages take no memory.
  static constexpr unsigned kDefaultLog2 = 20;

  explicit FixedBuckets(unsigned log2 = kDefaultLog2) : buckets_(chain::Buckets::make(log2)) {
    if (!buckets_) throw std::bad_alloc();
  }
  FixedBuckets(const FixedBuckets&) = delete;
  FixedBuckets& operator=(const FixedBuckets&) = delete;
  ~FixedBuckets() { chain::destroy_all(*buckets_); }

  const Record* find(const Probe& probe) const noexcept { return chain::find(*buckets_, probe); }
  void find_batch(std::span<const Probe> probes, std::span<const Record*> found) const noexcept {
    chain::find_batch(*buckets_, probes, found);
  }

  chain::Node* locate(const Probe& probe) const noexcept { return chain::locate(*buckets_, probe); }
  void prefetch(std::span<const Probe> probes) const noexcept { chain::prefetch(*buckets_, probes); }
  bool reserve(std::size_t) const noexcept { return true; }
  void insert(chain::Node& node) noexcept {
    chain::push(buckets_->link(node.hash), node);
    ++keys_;
  }
  bool unlink(chain::Node& node) noexcept {
    chain::cut(buckets_->link(node.hash), node);
    --keys_;
    return true;
  }
  template <typename G>
  void advance(G&, std::uint64_t) const noexcept {}

  std::uint64_t keys() const noexcept { return keys_; }
  std::uint64_t index_bytes() const noexcept { return buckets_->bytes() + keys_ * sizeof(chain::Node); }
  std::uint64_t retired_bytes() const noexcept { return 0; }

 private:
  std::unique_ptr<chain::Buckets> buckets_;
  std::uint64_t keys_ = 0;
};

}  // namespace flashkv
