// The bounded way from many request threads to the one writer.
#pragma once

#include <atomic>
#include <cstdint>

#include "storage/request/request.h"

namespace flashkv {

struct QueueLimits {
  std::uint64_t requests = 65'536;
  std::uint64_t bytes = std::uint64_t{256} << 20;  // sum of Request::bytes
};

enum class Admission : std::uint8_t { kAccepted, kRequestsFull, kBytesFull, kControlFull, kClosed };

// Purpose: takes requests from any thread, or refuses them at once. Two lanes: work (mutations) and control
//          (everything else), so that a full queue can still be published, asked and reconfigured.
// Usage:   submitter:  if (queue.push(r) != Admission::kAccepted) refuse;
//          writer:     Request* oldest = queue.take_work(); ...; queue.leave(requests, bytes);
// Threads: push(), close(), depth() and refusals from any; take_*(), leave*() from the writer.
// Lifetime: borrows the requests; linked through Request::next.
// Cost:    push(): three read-modify-writes; take: one exchange and a walk that puts the oldest first.
// Limits:  QueueLimits for work; kControlLimit for control, of which kControlReserve are kept for kPublish
//          and kSetPolicy, so that readers waiting for a revision cannot lock the administrator out. A
//          request counts from push() until the writer says leave().
class RequestQueue {
 public:
  static constexpr std::uint64_t kControlReserve = 64;
  static constexpr std::uint64_t kControlLimit = 65'536 + kControlReserve;

  explicit RequestQueue(QueueLimits limits) noexcept : limits_(limits) {}
  RequestQueue(const RequestQueue&) = delete;
  RequestQueue& operator=(const RequestQueue&) = delete;

  Admission push(Request& request) noexcept;
  // Everything in the lane, linked oldest first; null when there is nothing.
  Request* take_work() noexcept { return take(work_); }
  Request* take_control() noexcept { return take(control_); }
  void leave_work(std::uint64_t requests, std::uint64_t bytes) noexcept;
  // A request inside has come to hold more, and is to leave with it.
  void grow_work(std::uint64_t bytes) noexcept { bytes_.fetch_add(bytes, std::memory_order_relaxed); }
  void leave_control(std::uint64_t requests) noexcept;
  // Nothing to take in either lane, and not closed: the writer may sleep. Sequentially consistent, see
  // Doorbell.
  bool idle() const noexcept;

  // From now on push() answers kClosed.
  void close() noexcept;
  // After close(): no request is inside and none is on its way in.
  bool drained() const noexcept;

  const QueueLimits& limits() const noexcept { return limits_; }
  std::uint64_t requests() const noexcept {
    return work_.count.load(std::memory_order_relaxed) & ~kClosedBit;
  }
  std::uint64_t bytes() const noexcept { return bytes_.load(std::memory_order_relaxed); }
  std::uint64_t refused_full() const noexcept { return refused_full_.load(std::memory_order_relaxed); }
  std::uint64_t refused_closed() const noexcept { return refused_closed_.load(std::memory_order_relaxed); }

 private:
  // The count and "closed" are one word: a submitter that counted itself in before close() is waited for by
  // drained(), one that comes later sees the bit.
  static constexpr std::uint64_t kClosedBit = std::uint64_t{1} << 63;
  struct alignas(64) Lane {
    std::atomic<Request*> newest{nullptr};
    std::atomic<std::uint64_t> count{0};
  };
  Admission admit(Lane& lane, std::uint64_t limit, Admission when_full) noexcept;
  static void link(Lane& lane, Request& request) noexcept;
  static Request* take(Lane& lane) noexcept;

  Lane work_;
  Lane control_;
  alignas(64) std::atomic<std::uint64_t> bytes_{0};
  std::atomic<std::uint64_t> refused_full_{0};
  std::atomic<std::uint64_t> refused_closed_{0};
  const QueueLimits limits_;
};

}  // namespace flashkv
