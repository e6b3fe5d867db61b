#include "storage/request/request_queue.h"

namespace flashkv {

Admission RequestQueue::admit(Lane& lane, std::uint64_t limit, Admission when_full) noexcept {
  const std::uint64_t before = lane.count.fetch_add(1, std::memory_order_acq_rel);
  if (before < limit) return Admission::kAccepted;
  lane.count.fetch_sub(1, std::memory_order_acq_rel);
  const bool closed = (before & kClosedBit) != 0;
  (closed ? refused_closed_ : refused_full_).fetch_add(1, std::memory_order_relaxed);
  return closed ? Admission::kClosed : when_full;
}

void RequestQueue::link(Lane& lane, Request& request) noexcept {
  Request* head = lane.newest.load(std::memory_order_relaxed);
  do {
    request.next = head;
  } while (!lane.newest.compare_exchange_weak(head, &request, std::memory_order_seq_cst,
                                              std::memory_order_relaxed));
}

Admission RequestQueue::push(Request& request) noexcept {
  if (request.kind != RequestKind::kMutation) {
    const bool reserved = request.kind != RequestKind::kWaitRevision;
    const std::uint64_t limit = reserved ? kControlLimit : kControlLimit - kControlReserve;
    const Admission a = admit(control_, limit, Admission::kControlFull);
    if (a == Admission::kAccepted) link(control_, request);
    return a;
  }
  const Admission a = admit(work_, limits_.requests, Admission::kRequestsFull);
  if (a != Admission::kAccepted) return a;
  const std::uint64_t size = request.bytes;
  const std::uint64_t before = bytes_.fetch_add(size, std::memory_order_relaxed);
  if (size > limits_.bytes || before > limits_.bytes - size) {
    bytes_.fetch_sub(size, std::memory_order_relaxed);
    work_.count.fetch_sub(1, std::memory_order_acq_rel);
    refused_full_.fetch_add(1, std::memory_order_relaxed);
    return Admission::kBytesFull;
  }
  link(work_, request);
  return Admission::kAccepted;
}

Request* RequestQueue::take(Lane& lane) noexcept {
  if (lane.newest.load(std::memory_order_relaxed) == nullptr) return nullptr;
  Request* newest = lane.newest.exchange(nullptr, std::memory_order_seq_cst);
  Request* oldest = nullptr;
  while (newest != nullptr) {
    Request* older = newest->next;
    newest->next = oldest;
    oldest = newest;
    newest = older;
  }
  return oldest;
}

void RequestQueue::leave_work(std::uint64_t requests, std::uint64_t bytes) noexcept {
  bytes_.fetch_sub(bytes, std::memory_order_relaxed);
  work_.count.fetch_sub(requests, std::memory_order_acq_rel);
}

void RequestQueue::leave_control(std::uint64_t requests) noexcept {
  control_.count.fetch_sub(requests, std::memory_order_acq_rel);
}

bool RequestQueue::idle() const noexcept {
  return work_.newest.load(std::memory_order_seq_cst) == nullptr &&
         control_.newest.load(std::memory_order_seq_cst) == nullptr &&
         (work_.count.load(std::memory_order_seq_cst) & kClosedBit) == 0;
}

void RequestQueue::close() noexcept {
  control_.count.fetch_or(kClosedBit, std::memory_order_seq_cst);
  work_.count.fetch_or(kClosedBit, std::memory_order_seq_cst);
}

bool RequestQueue::drained() const noexcept {
  return work_.count.load(std::memory_order_acquire) == kClosedBit &&
         control_.count.load(std::memory_order_acquire) == kClosedBit;
}

}  // namespace flashkv
