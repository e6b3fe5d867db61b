// An array of buckets that is replaced by a larger or smaller one while readers walk the chains.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "storage/engine/parts/chain/buckets.h"
#include "storage/engine/parts/chain/lookup.h"
#include "storage/engine/parts/chain/node.h"
#include "storage/reclaim/grace_period.h"
#include "storage/sync/sync.h"

namespace flashkv {

// Purpose: the buckets of ChainedEngine (parts/chain/chained_engine.h). With more keys than buckets the array
//          grows, to as many buckets as there are keys; with fewer than one key to kSparse buckets it halves.
//          A resize is a sequence of small steps that advance() takes between batches (relativistic.md).
// Usage:   between batches: buckets.advance(periods, keys written since the last call);
//          a lookup, inside a read section of `periods`: buckets.find(probe)
// Threads: find() and find_batch() from any; all else from one writer.
// Lifetime: readers are destroyed before it. It owns its nodes; its destructor releases their records.
// Cost:    advance(): `units` of the pace and as many again for each 64 keys written; a unit is an eighth of
//          a bucket with its chain. It never waits: where a grace period is needed, it returns.
// Limits:  if memory for an array is short, the table keeps its size and tries again with the next batch.
class ResizingBuckets {
 public:
  static constexpr std::string_view kName = "relativistic";
  static constexpr std::uint64_t kSparse = 8;

  struct Pace {
    unsigned min_log2 = 14;      // 2^14 buckets at first and at least: 128 KiB
    std::uint64_t units = 2048;  // some 50 us if every bucket is a cache miss; 0: only work() advances it
  };
  enum class Phase : std::uint8_t {
    kRest,
    kFill,    // growing: each new bucket is pointed into its old chain; readers see the old array
    kJoin,    // shrinking: each pair of old chains becomes one; readers see the old array
    kUnzip,   // grown: chains that share nodes are taken apart, one link of each in a pass
    kDrop,    // shrunk: no reader needs the old array
    kUnlink,  // erased nodes leave their chains
    kFree,    // and are freed
  };

  ResizingBuckets();
  explicit ResizingBuckets(Pace pace);
  ResizingBuckets(const ResizingBuckets&) = delete;
  ResizingBuckets& operator=(const ResizingBuckets&) = delete;
  ~ResizingBuckets();

  // A lookup loads the array's address once and takes the mask from that array (I7).
  const Record* find(const Probe& probe) const noexcept {
    return chain::find(*readable_.load(sync::kAcquire), probe);
  }
  void find_batch(std::span<const Probe> probes, std::span<const Record*> found) const noexcept {
    chain::find_batch(*readable_.load(sync::kAcquire), probes, found);
  }

  chain::Node* locate(const Probe& probe) const noexcept { return chain::locate(*current_, probe); }
  void prefetch(std::span<const Probe> probes) const noexcept { chain::prefetch(*current_, probes); }
  bool reserve(std::size_t erasures) noexcept;
  void insert(chain::Node& node) noexcept;
  bool unlink(chain::Node& node) noexcept;

  template <reclaim::GracePeriods G>
  void advance(G& periods, std::uint64_t changes) noexcept {
    constexpr std::uint64_t kChangesPerPace = 64;
    work(periods, pace_.units + pace_.units * changes / kChangesPerPace);
  }
  template <reclaim::GracePeriods G>
  void work(G& periods, std::uint64_t units) noexcept {
    while (units > 0) {
      if (waits_ && !periods.ended(ticket_)) return;
      waits_ = false;
      if (!run(units)) return;
      ticket_ = periods.start();
    }
  }

  std::uint64_t keys() const noexcept { return keys_; }
  std::uint64_t index_bytes() const noexcept;
  std::uint64_t retired_bytes() const noexcept { return erased_.size() * sizeof(chain::Node); }

  // For tests and benchmarks.
  Phase phase() const noexcept { return phase_; }
  bool waits() const noexcept { return waits_; }  // for a grace period
  const chain::Buckets& current() const noexcept { return *current_; }
  const chain::Buckets* other() const noexcept { return other_.get(); }  // the next one, or the last

 private:
  static constexpr unsigned kMaxLog2 = 40;

  bool chains_share_nodes() const noexcept { return phase_ > Phase::kRest && phase_ < Phase::kUnlink; }
  unsigned wanted_log2() const noexcept;
  void order_array() noexcept;
  bool run(std::uint64_t& units) noexcept;
  bool step(std::uint64_t& units) noexcept;
  bool begin() noexcept;
  void touch(std::uint64_t old_index) noexcept;
  void fill(std::uint64_t old_index) noexcept;
  void join(std::uint64_t new_index) noexcept;
  bool unzip(std::uint64_t old_index) noexcept;
  void show() noexcept;
  void end_pass() noexcept;
  void unlink_erased() noexcept;
  void free_erased() noexcept;
  void insert_joined(chain::Node& node, std::uint64_t new_index) noexcept;

  const Pace pace_;
  std::unique_ptr<chain::Buckets> current_;  // the array that new readers see
  std::unique_ptr<chain::Buckets> other_;    // kRest: for the resize that is due; kFill, kJoin: the next one;
                                             // kUnzip: where the shared rest of each old chain begins
  std::vector<chain::Node*> erased_;         // in their chains until kUnlink
  std::uint64_t at_ = 0;                     // progress within the phase
  std::uint64_t keys_ = 0;
  Phase phase_ = Phase::kRest;
  bool waits_ = false;
  bool shared_rest_ = false;  // this pass left shared chains: another pass is needed
  reclaim::Ticket ticket_ = 0;
  alignas(sync::kOwnLine) sync::Atomic<const chain::Buckets*> readable_;
};

}  // namespace flashkv
