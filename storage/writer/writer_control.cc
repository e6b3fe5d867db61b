// Everything the writer does besides mutations: control requests, shutdown, and statistics.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <thread>
#include <utility>

#include "storage/record/large_block.h"
#include "storage/request/failure.h"
#include "storage/writer/writer.h"

namespace flashkv {

void Writer::take_control(Request& r) noexcept {
  switch (r.kind) {
    case RequestKind::kPublish:
      s_.publishers.push(r);
      return;
    case RequestKind::kSetPolicy:
      set_policy(r);
      answer_control(r);
      return;
    case RequestKind::kReturnPin:
      s_.pins.take_back(r);
      return;
    case RequestKind::kTakePin:
      if (r.revision <= s_.staged.published()) {
        s_.pinners.push(r);
        return;
      }
      [[fallthrough]];
    case RequestKind::kWaitRevision:
      if (r.revision > s_.staged.assigned()) {
        char text[96];
        std::snprintf(text, sizeof text, "at_least_revision: above the last assigned revision %llu",
                      static_cast<unsigned long long>(s_.staged.assigned()));
        fail(r.status, Code::kOutOfRange, text);
        answer_control(r);
      } else {
        r.deadline = std::min(r.deadline, s_.now + kMaxRevisionWait);
        s_.unpublished.add(r);
      }
      return;
    case RequestKind::kMutation:
      break;
  }
  fail(r.status, Code::kInternal, "kind: not a control request");
  answer_control(r);
}

void Writer::set_policy(Request& r) noexcept {
  if (const PolicyError wrong = policy_error(r.policy); wrong != PolicyError::kNone) {
    fail(r.status, Code::kInvalidArgument, text_of(wrong));
  } else {
    s_.schedule.set(r.policy, s_.now);
    show_policy();
  }
}

void Writer::answer_control(Request& r) noexcept {
  s_.queue.leave_control(1);
  if (!r.status.ok()) s_.counts.reject(r.status.code);
  r.applied = r.status.ok();
  r.revision = s_.staged.published();
  s_.done.add(r);
}

void Writer::answer_waiting() noexcept {
  s_.unpublished.release(s_.staged.published(), s_.now, [this](Request& r, bool reached) noexcept {
    if (r.kind == RequestKind::kMutation) return answer(r);
    if (!reached) fail(r.status, Code::kDeadlineExceeded, "at_least_revision: not published in time");
    if (r.kind == RequestKind::kTakePin && reached) return answer_pinner(r);
    answer_control(r);
  });
}

void Writer::answer_pinners() noexcept {
  while (!s_.pinners.empty()) answer_pinner(s_.pinners.pop());
}

void Writer::answer_pinner(Request& r) noexcept {
  r.pin = s_.pins.take(s_.now, bell_, r.status);
  answer_control(r);
}

void Writer::free_unpinned() noexcept {
  const bool read = s_.pins.revoke_oldest();
  const std::size_t most = kFreedPerStep + kFreedPerOp * std::exchange(s_.step_ops, 0);
  const bool more = s_.staged.free_unpinned(most);
  s_.pins_at = more ? 0 : read ? s_.now + kRevokeGap : kNever;
}

void Writer::refuse_pending() noexcept {
  while (!s_.pending.empty()) {
    Request& r = s_.pending.pop();
    s_.queue.leave_work(1, r.bytes);
    fail(r.status, Code::kUnavailable, "stopping: readers held up the last batch, not applied");
    s_.counts.reject(r.status.code);
    r.revision = s_.staged.assigned();
    s_.done.add(r);
  }
}

bool Writer::finish(Nanos patience) noexcept {
  const Nanos began = clock_.now();
  const Nanos give_up = patience > kNever - began ? kNever : began + patience;
  s_.closing = true;
  bool waits = false;  // for the journal
  do {
    s_.retry_open_at = 0;
    step();
    const bool blocked = s_.blocked();
    if (blocked && clock_.now() >= give_up) refuse_pending();
    waits = waits_for_journal() && clock_.now() < give_up;
    if (!waits) answer_unsynced("stopping: applied, but not synced in time");
    leave_queue();
    s_.done.deliver();
    if (blocked || waits) std::this_thread::sleep_for(std::chrono::nanoseconds(kRetryGap));
  } while (!s_.idle() || !s_.queue.drained() || waits);
  bool released = s_.staged.is_open();
  while (!released) {
    const Nanos left = give_up - clock_.now();
    released = s_.staged.try_begin_batch(std::clamp<Nanos>(left, 0, kMaxRetryGap));
    if (left <= 0) break;
    if (!released) std::this_thread::sleep_for(std::chrono::nanoseconds(kRetryGap));
  }
  show();
  return released;
}

void Writer::show_policy() noexcept {
  const PublishPolicy& p = s_.schedule.policy();
  shown_interval_.store(p.interval, std::memory_order_relaxed);
  shown_max_batch_.store(p.max_batch, std::memory_order_relaxed);
  shown_adaptive_.store(p.adaptive, std::memory_order_relaxed);
}

PublishPolicy Writer::policy() const noexcept {
  PublishPolicy p;
  p.interval = shown_interval_.load(std::memory_order_relaxed);
  p.max_batch = shown_max_batch_.load(std::memory_order_relaxed);
  p.adaptive = shown_adaptive_.load(std::memory_order_relaxed);
  return p;
}

WriterStatsView Writer::stats() const noexcept {
  WriterStatsView v;
  s_.stats.copy_to(v);
  v.queue_requests = s_.queue.requests();
  v.queue_bytes = s_.queue.bytes();
  v.waiting_bytes = large_block::waiting();
  v.refused_full = s_.queue.refused_full();
  v.refused_stopping = s_.queue.refused_closed();
  const auto since = static_cast<Nanos>(v.blocked_since);
  const auto pinned = static_cast<Nanos>(v.oldest_pin_since);
  if (pinned != 0) v.oldest_pin_ns = static_cast<std::uint64_t>(std::max<Nanos>(clock_.now() - pinned, 0));
  if (since != 0) v.blocked_ns = static_cast<std::uint64_t>(std::max<Nanos>(clock_.now() - since, 0));
  return v;
}

}  // namespace flashkv
