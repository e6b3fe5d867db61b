// The order in which a batch becomes visible.
#pragma once

#include <cstdint>

#include "storage/sync/sync.h"

namespace flashkv::flashmap {

// The memory orders of PublishedRevision.
struct PublishOrders {
  // Orders the swap before the revision that tells of it: whoever reads the revision and then enters a guard
  // sees the batch (I5).
  static constexpr sync::MemoryOrder kStore = sync::kRelease;
  static constexpr sync::MemoryOrder kLook = sync::kAcquire;
};

// Purpose: names the newest revision that every reader sees. It is stored last: stored before the swap, it
//          would promise a batch that a reader entering in between does not find (I5).
// Usage:   PublishedRevision published;
//          writer:  published.publish(guards, 7, [&] { other_half.revision = 7; });
//          any:     const std::uint64_t at_least = published.load();  auto held = reader.enter();
// Threads: publish() from the writer, load() from any.
// Cost:    publish(): the policy's swap() and a store. load(): a load of a line written once a publish.
template <typename Orders>
class BasicPublishedRevision {
 public:
  // `stage` writes the revision into the half that is about to become current: no reader is in it (I1).
  template <typename Guards, typename Stage>
  void publish(Guards& guards, std::uint64_t revision, Stage stage) noexcept {
    stage();
    guards.swap();
    newest_.store(revision, Orders::kStore);  // (I5)
  }
  std::uint64_t load() const noexcept { return newest_.load(Orders::kLook); }  // (I5)

 private:
  alignas(sync::kOwnLine) sync::Atomic<std::uint64_t> newest_{0};
};
using PublishedRevision = BasicPublishedRevision<PublishOrders>;

}  // namespace flashkv::flashmap
