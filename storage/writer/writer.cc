#include "storage/writer/writer.h"

#include <algorithm>
#include <chrono>
#include <string_view>
#include <thread>
#include <utility>

#include "storage/request/failure.h"

namespace flashkv {
namespace {
constexpr std::string_view kTooLate = "deadline: passed before the request was applied";
}  // namespace

Writer::Writer(AnyEngine& engine, const PublishPolicy& policy, const StoreLimits& limits, const Clock& clock,
               std::span<Source* const> sources, StagedState::Index index, JournalPump* journal)
    : clock_(clock), s_(engine, index, journal, policy, limits, sources, clock.now()) {
  if (journal != nullptr) journal->tell(bell_);
  s_.stats.assigned_revision.set(s_.staged.assigned());
  show();
  show_policy();
}

Admission Writer::submit(Request& request) noexcept {
  const Admission a = s_.queue.push(request);
  if (a == Admission::kAccepted) bell_.ring();
  return a;
}

Nanos Writer::step() noexcept {
  s_.now = clock_.now();
  ++s_.counts.steps;
  if (!s_.staged.dirty()) s_.schedule.skip_idle_ticks(s_.now);
  take_arrivals();
  // Read again: a client that saw a key expire and then sent a change must not be judged by an earlier
  // instant.
  s_.now = clock_.now();
  s_.expiry.advance(s_.now);
  if (!s_.staged.is_open() && work_waits() && s_.now >= s_.retry_open_at) begin_batch();
  if (s_.staged.is_open()) {
    apply_sources();
    apply_batch();
  }
  if (s_.idle() && s_.now >= s_.collect_at) collect();
  publish_when_due();
  look_at_journal();
  answer_waiting();
  answer_pinners();
  free_unpinned();
  leave_queue();
  show();
  s_.done.deliver();
  s_.trimmer.step(s_.now, std::exchange(s_.taken_bytes, 0));
  return next_step();
}

// Updates what other threads see; it must be complete before any answer leaves.
void Writer::show() noexcept {
  s_.counts.awaiting_publish = s_.unpublished.mutations();
  s_.counts.waiting_revision = s_.unpublished.reads();
  s_.counts.expired_keys = s_.staged.expired();
  s_.counts.completed_requests = s_.done.added();
  show_pins();
  s_.stats.removed_bytes.set(s_.staged.removed_bytes());
  s_.stats.counts.show(s_.counts);
  s_.stats.engine.show(s_.staged.engine_stats());
}

void Writer::show_pins() noexcept {
  const order::Stats index = s_.staged.index_stats();
  const PinList::Oldest oldest = s_.pins.oldest();
  s_.counts.ordered_bytes = index.node_bytes + index.pool_bytes;
  s_.counts.pins = s_.pins.size();
  s_.counts.pins_taken = s_.pins.taken();
  s_.counts.pins_revoked = s_.pins.revoked();
  s_.counts.pinned_bytes = index.retired_bytes;
  s_.counts.oldest_pin = oldest.revision;
  s_.counts.oldest_pin_since = static_cast<std::uint64_t>(oldest.taken_at);
}

void Writer::take_arrivals() noexcept {
  for (Request* r = s_.queue.take_control(); r != nullptr;) {
    Request* following = r->next;
    take_control(*r);
    r = following;
  }
  for (Request* r = s_.queue.take_work(); r != nullptr;) {
    Request* following = r->next;
    s_.pending.push(*r);
    r = following;
  }
}

bool Writer::work_waits() const noexcept { return !s_.pending.empty() || sources_due() <= s_.now; }

void Writer::begin_batch() noexcept {
  Nanos checked = s_.now;
  for (int poll = 0; poll < kOpenPolls && checked - s_.now < kOpenBudget; ++poll) {
    if (s_.staged.try_begin_batch(0)) {
      // If the first check succeeded, the wait is what the engine spent on it: a fence in every thread takes
      // time.
      s_.stats.wait_ns.record(s_.blocked_since == kNever
                                  ? s_.staged.engine_stats().open_wait_ns
                                  : static_cast<std::uint64_t>(checked - s_.blocked_since));
      batch_begun();
      return;
    }
    if (s_.blocked_since == kNever) s_.blocked_since = s_.now;
    checked = clock_.now();
  }
  ++s_.counts.deferrals;
  s_.counts.blocked_since = static_cast<std::uint64_t>(s_.blocked_since);
  s_.retry_gap = std::clamp(2 * s_.retry_gap, kRetryGap, kMaxRetryGap);
  s_.retry_open_at = checked + s_.retry_gap;
  if (checked >= s_.sweep_at) sweep_deadlines();
}

void Writer::batch_begun() noexcept {
  s_.blocked_since = kNever;
  s_.retry_open_at = 0;
  s_.retry_gap = 0;
  s_.counts.blocked_since = 0;
}

// Begins a batch only to free memory. No request needs it, so it does not wait for readers. Some engines free
// garbage only several batches later.
void Writer::collect() noexcept {
  const bool was_open = s_.staged.is_open();
  const auto held_bytes = [this] {
    return s_.staged.engine_stats().retired_bytes + s_.staged.history().bytes();
  };
  const std::uint64_t held = held_bytes();
  const bool again = s_.staged.collect();
  if (s_.staged.is_open() && !was_open) {
    ++s_.counts.idle_replays;
    batch_begun();
  }
  const bool came_back = held_bytes() < held;
  s_.collect_gap = came_back ? kCollectGap : std::clamp(2 * s_.collect_gap, kCollectGap, kMaxCollectGap);
  s_.collect_at = again ? s_.now + s_.collect_gap : kNever;
}

void Writer::sweep_deadlines() noexcept {
  s_.sweep_at = s_.now + kSweepGap;
  s_.pending.filter([this](Request& r) noexcept {
    if (r.deadline > s_.now) return true;
    s_.queue.leave_work(1, r.bytes);
    fail(r.status, Code::kDeadlineExceeded, kTooLate);
    s_.counts.reject(r.status.code);
    r.revision = s_.staged.assigned();
    s_.done.add(r);
    return false;
  });
}

void Writer::apply_sources() noexcept {
  s_.plan.begin_batch();
  if (s_.closing) return;
  const std::uint64_t max_batch = s_.schedule.policy().max_batch;
  // As many as clients had in the step before, where that is more: they could add what expires faster than it
  // is removed.
  const std::uint64_t keys =
      std::max(std::min<std::uint64_t>(max_batch, ExpirySource::kMaxKeys), s_.client_ops);
  std::uint64_t removed = 0;
  const std::uint64_t before = s_.staged.removed_bytes();
  while (removed < keys && s_.expiry.due() <= s_.now &&
         s_.staged.removed_bytes() - before < ExpirySource::kMaxBytes) {
    const std::uint64_t more = apply_offered(s_.expiry, keys - removed);
    if (more == 0) break;
    removed += more;
  }
  if (removed != 0) s_.stats.batch_ops.record(removed);
  for (Source* source : s_.sources) {
    if (source->due() > s_.now) continue;
    if (const std::uint64_t ops = apply_offered(*source, max_batch); ops != 0) s_.stats.batch_ops.record(ops);
  }
}

// The source trusts its own bound: whatever it offers is applied in this step.
std::uint64_t Writer::apply_offered(Source& source, std::uint64_t max_ops) noexcept {
  Request* const first = source.offer(s_.staged.assigned(), s_.now, max_ops);
  std::uint64_t ops = 0;
  s_.plan.look_ahead(first);
  for (Request* r = first; r != nullptr; r = r->next) {
    ops += r->weight();
    apply(*r);
    if (r->applied) ++s_.counts.source_requests;
  }
  if (first != nullptr) source.take_back(first);
  return ops;
}

void Writer::apply_batch() noexcept {
  s_.client_ops = 0;
  if (!s_.pending.empty()) {
    const std::uint64_t removed_before = s_.staged.removed_bytes();
    const std::uint64_t limit = s_.schedule.policy().max_batch;
    std::uint64_t ops = 0;
    s_.plan.look_ahead(s_.pending.first());
    while (!s_.pending.empty()) {
      Request& r = *s_.pending.first();
      const std::uint64_t weight = r.weight();
      if (ops != 0 && ops + weight > limit) break;
      if (ops != 0 && s_.trimmer.behind() && s_.taken_bytes + r.bytes > Trimmer::kMostAStep) break;
      // An erased range turns out to be more than it looked.
      ops += std::max<std::uint64_t>(weight, apply_client(r) ? s_.plan.operations() : 0);
      if (s_.plan.batch_bytes() >= kMaxBatchBytes) break;
      if (s_.staged.removed_bytes() - removed_before >= kMaxBatchBytes) break;
    }
    s_.stats.batch_ops.record(ops);
    s_.client_ops = ops;
  }
  s_.unpublished_bytes += s_.plan.batch_bytes();
  s_.taken_bytes += s_.plan.batch_bytes();
}

// An expired key is removed with a revision of its own also where a request puts it again before its removal
// has come. A log brings such removals itself.
bool Writer::prepare(Request& r, std::uint64_t revision) noexcept {
  const std::int64_t now_ms = s_.now / kNanosPerMilli;
  if (!s_.plan.prepare(r, revision, now_ms)) return false;
  if (r.revision != 0 || !s_.plan.meets_expired()) return true;
  if (!s_.staged.dirty()) s_.changed_at = s_.now;
  s_.plan.remove_expired(r);
  s_.stats.assigned_revision.set(s_.staged.assigned());
  return s_.plan.prepare(r, s_.staged.assigned() + 1, now_ms);
}

// All of one mutation or nothing of it; r.status says which.
void Writer::apply(Request& r) noexcept {
  const std::uint64_t revision = r.revision != 0 ? r.revision : s_.staged.assigned() + 1;
  if (r.ack == Ack::kDurable && refuse_durable(r)) {
    s_.plan.skip(r);
  } else if (r.deadline <= s_.now) {
    fail(r.status, Code::kDeadlineExceeded, kTooLate);
    s_.plan.skip(r);
  } else if (revision <= s_.staged.assigned()) {
    fail(r.status, Code::kOutOfRange, "revision: not above the last assigned one");
    s_.plan.skip(r);
  } else if (prepare(r, revision)) {
    r.applied = true;
    if (s_.plan.changes_anything()) {
      if (!s_.staged.dirty()) s_.changed_at = s_.now;
      s_.plan.commit();
      s_.stats.assigned_revision.set(s_.staged.assigned());
    }
    ++s_.counts.applied_requests;
    s_.counts.applied_ops += s_.plan.operations();
    s_.unpublished_ops += s_.plan.operations();
    s_.step_ops += s_.plan.operations();
    s_.unpublished_bytes += r.bytes;
  } else if (s_.collect_at == kNever) {
    // Whatever it reserved is dropped once the store is idle.
    s_.collect_gap = kCollectGap;
    s_.collect_at = s_.now + kCollectGap;
  }
  if (!r.status.ok()) s_.counts.reject(r.status.code);
  r.revision = s_.staged.assigned();
}

// Whether it was applied; it may be answered already.
bool Writer::apply_client(Request& r) noexcept {
  r.revision = 0;  // a client's mutation takes the next one
  s_.taken_bytes += r.bytes;
  apply(r);
  const bool applied = r.applied;
  if (applied) {
    // The records in its answer count as the request's own from here on.
    r.bytes += s_.plan.answer_bytes();
    s_.queue.grow_work(s_.plan.answer_bytes());
  }
  s_.pending.pop();
  // An outcome that depends on unpublished state is answered once that is published, unless the client asked
  // for it as soon as it is applied.
  if (applied && r.ack == Ack::kDurable) {
    s_.unsynced.add(r);
  } else if (s_.staged.dirty() && r.ack != Ack::kApplied) {
    s_.unpublished.add(r);
  } else {
    answer(r);
  }
  return applied;
}

// Only now is it taken off the queue's bounds: a request that waits for a publish holds memory too.
void Writer::answer(Request& r) noexcept {
  ++s_.answered;
  s_.answered_bytes += r.bytes;
  s_.done.add(r);
}

void Writer::leave_queue() noexcept {
  if (s_.answered == 0) return;
  s_.queue.leave_work(std::exchange(s_.answered, 0), std::exchange(s_.answered_bytes, 0));
}

void Writer::publish_when_due() noexcept {
  const bool asked = s_.closing || !s_.publishers.empty() || s_.unpublished_ops >= kMaxUnpublishedOps ||
                     s_.unpublished_bytes >= kMaxUnpublishedBytes ||
                     s_.staged.removed_bytes() - s_.removed_published >= kMaxUnpublishedBytes;
  if (s_.staged.dirty() && (asked || s_.schedule.due() <= std::max(s_.now, clock_.now()))) publish();
  while (!s_.publishers.empty()) answer_control(s_.publishers.pop());
}

void Writer::publish() noexcept {
  const Nanos began = clock_.now();
  s_.staged.publish();
  const Nanos ended = clock_.now();
  s_.unpublished_ops = s_.unpublished_bytes = 0;
  s_.removed_published = s_.staged.removed_bytes();
  s_.schedule.published(ended);
  s_.collect_gap = kCollectGap;
  s_.collect_at = ended + kCollectGap;
  ++s_.counts.publishes;
  s_.stats.publish_ns.record(static_cast<std::uint64_t>(ended - began));
  s_.stats.publish_lag_ns.record(static_cast<std::uint64_t>(ended - s_.changed_at));
  s_.changed_at = kNever;
  answer_waiting();
  s_.staged.history().waits().take([this](Request& r) noexcept { s_.done.add(r); });
}

Nanos Writer::sources_due() const noexcept {
  if (s_.closing) return kNever;
  Nanos due = s_.expiry.due();
  for (const Source* source : s_.sources) due = std::min(due, source->due());
  return due;
}

Nanos Writer::next_step() const noexcept {
  if (s_.journal_again) return s_.now;
  Nanos t = std::min({s_.unpublished.next_deadline(), s_.trimmer.due(), s_.pins_at});
  const Nanos work_at = s_.staged.is_open() ? Nanos{0} : s_.retry_open_at;
  if (!s_.pending.empty()) t = std::min(t, work_at);
  t = std::min(t, std::max(sources_due(), work_at));
  if (s_.staged.dirty()) t = std::min(t, s_.schedule.due());
  if (s_.idle()) t = std::min(t, s_.collect_at);
  return t;
}

void Writer::wait_until(Nanos time) noexcept {
  const Nanos now = clock_.now();
  const Nanos left = time == kNever || time == PublishSchedule::kAtOnce ? time : time - now;
  if (time == PublishSchedule::kAtOnce || left <= 0) return;
  if (s_.blocked() || (s_.retry_open_at > now && sources_due() <= now)) {
    // Blocked by a reader, the writer could do nothing for a request that rings; the next check comes soon.
    std::this_thread::sleep_for(std::chrono::nanoseconds(std::min(left, kMaxRetryGap)));
    return;
  }
  bell_.arm();
  if (s_.queue.idle() && sources_due() > clock_.now() && !journal_moved()) bell_.sleep(left);
  bell_.disarm();
}

}  // namespace flashkv
