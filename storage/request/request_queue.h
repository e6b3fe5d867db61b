// The bounded way from many request threads to the one writer.
#pragma once

#include <cstdint>

#include "storage/record/store_limits.h"
#include "storage/request/request.h"
#include "storage/sync/sync.h"

namespace flashkv {

enum class Admission : std::uint8_t { kAccepted, kRequestsFull, kBytesFull, kControlFull, kClosed };

// The memory orders of RequestQueue. W1, no lost wake-up: doorbell.h. Invariant W2: the writer sees
// everything a submitter wrote into a request before it pushed it.
struct QueueOrders {
  static constexpr sync::MemoryOrder kLink = sync::kSeqCst;   // (W1, W2)
  static constexpr sync::MemoryOrder kTake = sync::kAcquire;  // (W2)
  static constexpr sync::MemoryOrder kIdle = sync::kSeqCst;   // (W1)
  static constexpr sync::MemoryOrder kClose = sync::kSeqCst;  // (W1): closing is work, too
  // Orders what a request did to the queue before the count that no longer includes it, for drained().
  static constexpr sync::MemoryOrder kCount = sync::kAcqRel;
  static constexpr sync::MemoryOrder kDrained = sync::kAcquire;
};

// Purpose: takes requests from any thread, or refuses them at once. Two lanes: work (mutations) and control
//          (everything else), so that a full queue can still be published, asked and reconfigured.
// Usage:   submitter:  if (queue.push(r) != Admission::kAccepted) refuse;
//          writer:     Request* oldest = queue.take_work(); ...; queue.leave_work(requests, bytes);
// Threads: push(), close() and the counts from any; take_*(), leave_*(), grow_work() and idle() from the
//          writer.
// Lifetime: borrows the limits, and the requests, which are linked through Request::next.
// Cost:    push(): three read-modify-writes; take: one exchange and a walk that puts the oldest first.
// Limits:  max_queue_requests and max_queue_bytes (the sum of Request::bytes) for work; kControlLimit for
//          control, of which kControlReserve are kept for kPublish and kSetPolicy, so that readers waiting
//          for a revision cannot lock the administrator out. A request counts from push() until the writer
//          calls leave_*(). kReturnPin is accepted always, also after close(), and not counted.
template <typename Item, typename Orders>
class BasicRequestQueue {
 public:
  static constexpr std::uint64_t kControlReserve = 64;
  static constexpr std::uint64_t kControlLimit = 65'536 + kControlReserve;

  explicit BasicRequestQueue(const StoreLimits& limits) noexcept : limits_(limits) {}
  explicit BasicRequestQueue(StoreLimits&&) = delete;
  BasicRequestQueue(const BasicRequestQueue&) = delete;
  BasicRequestQueue& operator=(const BasicRequestQueue&) = delete;

  Admission push(Item& request) noexcept;
  // Everything in the lane, linked oldest first; null when there is nothing.
  Item* take_work() noexcept { return take(work_); }
  Item* take_control() noexcept { return take(control_); }
  void leave_work(std::uint64_t requests, std::uint64_t bytes) noexcept {
    bytes_.fetch_sub(bytes, sync::kRelaxed);
    work_.count.fetch_sub(requests, Orders::kCount);
  }
  // A request in the queue has grown by that much; leave_work() gets its new size.
  void grow_work(std::uint64_t bytes) noexcept { bytes_.fetch_add(bytes, sync::kRelaxed); }
  void leave_control(std::uint64_t requests) noexcept { control_.count.fetch_sub(requests, Orders::kCount); }
  // Nothing to take in either lane, and not closed: the writer may sleep (W1).
  bool idle() const noexcept {
    return work_.newest.load(Orders::kIdle) == nullptr && control_.newest.load(Orders::kIdle) == nullptr &&
           (work_.count.load(Orders::kIdle) & kClosedBit) == 0;
  }

  // From now on push() returns kClosed.
  void close() noexcept {
    control_.count.fetch_or(kClosedBit, Orders::kClose);
    work_.count.fetch_or(kClosedBit, Orders::kClose);
  }
  // After close(): no request is inside and none is on its way in.
  bool drained() const noexcept {
    return work_.count.load(Orders::kDrained) == kClosedBit &&
           control_.count.load(Orders::kDrained) == kClosedBit;
  }

  std::uint64_t requests() const noexcept { return work_.count.load(sync::kRelaxed) & ~kClosedBit; }
  std::uint64_t bytes() const noexcept { return bytes_.load(sync::kRelaxed); }
  std::uint64_t refused_full() const noexcept { return refused_full_.load(sync::kRelaxed); }
  std::uint64_t refused_closed() const noexcept { return refused_closed_.load(sync::kRelaxed); }

 private:
  // The count and "closed" are one word: drained() waits for a submitter that counted itself in before
  // close(), and a later one sees the bit.
  static constexpr std::uint64_t kClosedBit = std::uint64_t{1} << 63;
  struct alignas(64) Lane {
    sync::Atomic<Item*> newest{nullptr};
    sync::Atomic<std::uint64_t> count{0};
  };
  Admission admit(Lane& lane, std::uint64_t limit, Admission when_full) noexcept;
  static void link(Lane& lane, Item& request) noexcept;
  static Item* take(Lane& lane) noexcept;

  Lane work_;
  Lane control_;
  alignas(64) sync::Atomic<std::uint64_t> bytes_{0};
  sync::Atomic<std::uint64_t> refused_full_{0};
  sync::Atomic<std::uint64_t> refused_closed_{0};
  const StoreLimits& limits_;
};

template <typename Item, typename Orders>
Admission BasicRequestQueue<Item, Orders>::admit(Lane& lane, std::uint64_t limit,
                                                 Admission when_full) noexcept {
  const std::uint64_t before = lane.count.fetch_add(1, Orders::kCount);
  if (before < limit) return Admission::kAccepted;
  lane.count.fetch_sub(1, Orders::kCount);
  const bool closed = (before & kClosedBit) != 0;
  (closed ? refused_closed_ : refused_full_).fetch_add(1, sync::kRelaxed);
  return closed ? Admission::kClosed : when_full;
}

template <typename Item, typename Orders>
void BasicRequestQueue<Item, Orders>::link(Lane& lane, Item& request) noexcept {
  Item* head = lane.newest.load(sync::kRelaxed);
  do {
    request.next = head;
  } while (!lane.newest.compare_exchange_weak(head, &request, Orders::kLink, sync::kRelaxed));
}

template <typename Item, typename Orders>
Admission BasicRequestQueue<Item, Orders>::push(Item& request) noexcept {
  if (request.kind == RequestKind::kReturnPin) {
    link(control_, request);
    return Admission::kAccepted;
  }
  if (request.kind != RequestKind::kMutation) {
    const bool reserved = request.kind == RequestKind::kPublish || request.kind == RequestKind::kSetPolicy;
    const std::uint64_t limit = reserved ? kControlLimit : kControlLimit - kControlReserve;
    const Admission a = admit(control_, limit, Admission::kControlFull);
    if (a == Admission::kAccepted) link(control_, request);
    return a;
  }
  const Admission a = admit(work_, limits_.max_queue_requests, Admission::kRequestsFull);
  if (a != Admission::kAccepted) return a;
  const std::uint64_t size = request.bytes;
  const std::uint64_t before = bytes_.fetch_add(size, sync::kRelaxed);
  if (size > limits_.max_queue_bytes || before > limits_.max_queue_bytes - size) {
    bytes_.fetch_sub(size, sync::kRelaxed);
    work_.count.fetch_sub(1, Orders::kCount);
    refused_full_.fetch_add(1, sync::kRelaxed);
    return Admission::kBytesFull;
  }
  link(work_, request);
  return Admission::kAccepted;
}

template <typename Item, typename Orders>
Item* BasicRequestQueue<Item, Orders>::take(Lane& lane) noexcept {
  if (lane.newest.load(sync::kRelaxed) == nullptr) return nullptr;
  Item* newest = lane.newest.exchange(nullptr, Orders::kTake);
  Item* oldest = nullptr;
  while (newest != nullptr) {
    Item* older = newest->next;
    newest->next = oldest;
    oldest = newest;
    newest = older;
  }
  return oldest;
}

extern template class BasicRequestQueue<Request, QueueOrders>;
using RequestQueue = BasicRequestQueue<Request, QueueOrders>;

}  // namespace flashkv
