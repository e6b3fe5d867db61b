// The ordered index of the store: its records in the order of their keys, at any published revision that
// somebody holds on to.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "storage/order/descent.h"
#include "storage/order/node_pool.h"
#include "storage/order/pins.h"
#include "storage/order/retired.h"
#include "storage/order/tree.h"

namespace flashkv::order {

// Sizes of the index at one moment; all exact.
struct Stats {
  std::uint64_t keys = 0;             // staged
  std::uint64_t node_bytes = 0;       // of nodes in the staged tree
  std::uint64_t pool_bytes = 0;       // of memory that waits to become nodes
  std::uint64_t retired_nodes = 0;    // replaced since the last publish, or kept for pins
  std::uint64_t retired_records = 0;  // the same
  std::uint64_t retired_bytes = 0;    // of both, and of the list that they are in
  std::uint64_t pins = 0;
  std::uint64_t oldest_pin = 0;  // its revision; 0 without pins
};

// Purpose: a persistent (copy-on-write) B+tree of record pointers, in byte order of the keys. A scan
//          walks the root of one revision without a lock, however long it takes and whatever the writer
//          does meanwhile. order.md explains the structure; its invariants are cited in the code as (I1),
//          (I2), ...
// Usage:   if (!index.reserve(changes)) reject;                // prepare
//          index.upsert(record);  index.erase(key);            // commit
//          index.publish(revision);
//          const Pin* pin = index.pin();                       // what was published last
//          Cursor cursor(pin->root, {"a", "b"}, Cursor::kForward);   // on the scan's thread
//          index.unpin(pin);                                   // on the writer's again
//          while (index.collect(1'000)) ...;                   // in slices, when there is time
// Threads: everything here is the writer's. A pin's root is read by the thread it was handed to; handing it
//          over and back is the caller's, with a lock or a queue.
// Lifetime: the index is one owner of every record in it, until it is erased or replaced and no pin leads
//          to it any more. Pins are returned before the index is destroyed.
// Cost:    order.md: 1 to 2 us a change, 20 bytes a key. reserve() alone allocates, and keeps what it did
//          not need for the next batch, at most `kept_bytes`. publish() looks at each item that its batch
//          retired once; a pin costs the nodes and records that it alone still leads to.
// Errors:  reserve() and pin() alone can fail, when memory is short.
// Limits:  keys of 1 to Record::kMaxKeyBytes bytes. A record's mod_revision() is at most the revision of its
//          publish. Revisions rise, but for a publish() of no change. Pins are not limited here.
class OrderedIndex {
 public:
  // What publish() leaves in the pool: the nodes that a batch of 1,024 keys copies.
  static constexpr std::size_t kKeptBytes = std::size_t{1536} << 10;

  explicit OrderedIndex(std::size_t kept_bytes = kKeptBytes) noexcept
      : kept_blocks_(kept_bytes / kNodeBytes), tree_(pool_, batch_) {}
  OrderedIndex(const OrderedIndex&) = delete;
  OrderedIndex& operator=(const OrderedIndex&) = delete;
  ~OrderedIndex();

  // Makes sure that so many more calls of upsert() and erase() cannot fail. False: nothing changed. Promises
  // add up, are used up by calls, and lapse at publish().
  bool reserve(std::size_t changes) noexcept;
  // Makes sure of what is named and of nothing else: an earlier promise lapses.
  bool reserve_only(const Changes& changes) noexcept;
  // Inserts or replaces; retains the record.
  void upsert(Record* record) noexcept;
  // No effect on an absent key.
  void erase(std::string_view key) noexcept;
  // Makes the staged state the one that pins are taken of, as `revision`.
  void publish(std::uint64_t revision) noexcept;

  // A hint: these keys are changed soon.
  void prefetch(std::span<const Probe> probes) const noexcept { order::prefetch(tree_.root(), probes); }
  // The staged state, for the writer's own walks: valid until the next change.
  Root staged() const noexcept { return tree_.root(); }

  // Keeps what was published last until unpin(); null when memory is short.
  const Pin* pin() noexcept { return pins_.take(published_.root, published_.revision, published_.keys); }
  void unpin(const Pin* pin) noexcept { pins_.give_back(pin); }
  // Frees what no pin leads to any more: looks at about `most` nodes and records that returned pins held.
  // True: there are more.
  bool collect(std::size_t most) noexcept {
    const bool more = pins_.collect(most, pool_);
    if (promised_ == 0) pool_.trim(kept_blocks_);  // an idle store publishes nothing
    return more;
  }

  Stats stats() const noexcept;
  // Bytes of what only pins that are held lead to.
  std::uint64_t held_bytes() const noexcept { return pins_.held_bytes(); }

 private:
  void use_promise() noexcept { promised_ -= promised_ > 0 ? 1 : 0; }

  const std::size_t kept_blocks_;
  NodePool pool_;
  Retired batch_;  // since the last publish
  Pins pins_;
  Tree tree_;
  Pin published_;
  std::size_t promised_ = 0;  // changes
};

}  // namespace flashkv::order
