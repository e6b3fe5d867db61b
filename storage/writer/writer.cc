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

Writer::Writer(AnyEngine& table, const WriterOptions& options, const Clock& clock) noexcept
    : clock_(clock), s_(table, options.policy, options.queue, options.max_value_bytes, clock.now()) {
  s_.assigned = s_.published = table.published();
  s_.stats.assigned_revision.set(s_.assigned);
  s_.stats.published_revision.set(s_.published);
  s_.stats.set_engine(table.stats());
  show_policy();
}

Admission Writer::submit(Request& request) noexcept {
  const Admission a = s_.queue.push(request);
  if (a == Admission::kAccepted) bell_.ring();
  return a;
}

Nanos Writer::step() noexcept {
  s_.now = clock_.now();
  s_.stats.steps.add();
  if (!s_.dirty()) s_.schedule.skip_idle_ticks(s_.now);
  take_arrivals();
  // Read again: whoever saw a key expire and then asked for a change is not judged by an earlier instant.
  s_.now = clock_.now();
  if (!s_.open && !s_.pending.empty() && s_.now >= s_.retry_open_at) open_staged();
  if (s_.idle() && s_.now >= s_.replay_at) open_idle();
  if (s_.open) apply_batch();
  publish_when_due();
  answer_waiting();
  leave_queue();
  s_.stats.set_engine(s_.table.stats());
  s_.stats.awaiting_publish.set(s_.awaiting.size());
  s_.stats.waiting_revision.set(s_.waiting.size());
  s_.stats.completed_requests.set(s_.done.added());
  s_.done.deliver();
  return next_turn();
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

void Writer::open_staged() noexcept {
  Nanos looked = s_.now;
  for (int poll = 0; poll < kOpenPolls && looked - s_.now < kOpenBudget; ++poll) {
    if (s_.table.try_begin_batch(0)) {
      // Even where the first look sufficed, a fence in every thread took its time.
      s_.stats.wait_ns.record(s_.blocked_since == kNever
                                  ? s_.table.stats().open_wait_ns
                                  : static_cast<std::uint64_t>(looked - s_.blocked_since));
      opened();
      return;
    }
    if (s_.blocked_since == kNever) s_.blocked_since = s_.now;
    looked = clock_.now();
  }
  s_.stats.deferrals.add();
  s_.stats.blocked_since.set(static_cast<std::uint64_t>(s_.blocked_since));
  s_.retry_gap = std::clamp(2 * s_.retry_gap, kRetryGap, kMaxRetryGap);
  s_.retry_open_at = looked + s_.retry_gap;
  if (looked >= s_.sweep_at) sweep_deadlines();
}

// Nothing waits for this opening, so it does not wait for anyone. Some engines let garbage go only at a later
// one; those that keep it for ever are not asked again.
void Writer::open_idle() noexcept {
  const bool open = s_.table.try_begin_batch(0);
  if (open && !s_.open) {
    s_.stats.idle_replays.add();
    opened();
  }
  const EngineStats stats = s_.table.stats();
  const bool again = !open || stats.retired_bytes != stats.leaked_bytes;
  s_.replay_at = again ? s_.now + kIdleReplay : kNever;
}

void Writer::opened() noexcept {
  s_.open = true;
  s_.replay_at = kNever;
  s_.blocked_since = kNever;
  s_.retry_open_at = 0;
  s_.retry_gap = 0;
  s_.stats.blocked_since.set(0);
}

void Writer::sweep_deadlines() noexcept {
  s_.sweep_at = s_.now + kSweepGap;
  s_.pending.filter([this](Request& r) noexcept {
    if (r.deadline > s_.now) return true;
    s_.queue.leave_work(1, r.bytes);
    fail(r.status, Code::kDeadlineExceeded, kTooLate);
    s_.stats.reject(r.status.code);
    r.revision = s_.assigned;
    s_.done.add(r);
    return false;
  });
}

void Writer::apply_batch() noexcept {
  if (s_.pending.empty()) return;
  const std::uint64_t limit = s_.schedule.policy().max_batch;
  std::uint64_t ops = 0;
  s_.plan.look_ahead(s_.pending.first());
  while (!s_.pending.empty()) {
    Request& r = *s_.pending.first();
    const std::uint64_t weight = std::max<std::uint64_t>(r.ops.size(), 1);
    if (ops != 0 && ops + weight > limit) break;
    ops += weight;
    apply(r);
    if (s_.plan.batch_bytes() >= kMaxBatchBytes) break;
  }
  s_.unpublished_bytes += s_.plan.batch_bytes();
  s_.stats.batch_ops.record(ops);
}

void Writer::apply(Request& r) noexcept {
  if (r.ack == Ack::kDurable) {
    fail(r.status, Code::kFailedPrecondition, "ack: DURABLE needs a data directory");
    s_.plan.pass_over(r);
  } else if (r.deadline <= s_.now) {
    fail(r.status, Code::kDeadlineExceeded, kTooLate);
    s_.plan.pass_over(r);
  } else if (s_.plan.prepare(r, s_.assigned + 1, s_.now / kNanosPerMilli)) {
    r.applied = true;
    if (s_.plan.changes_anything()) {
      s_.plan.commit();
      if (!s_.dirty()) s_.changed_at = s_.now;
      s_.stats.assigned_revision.set(++s_.assigned);
    }
    s_.stats.applied_requests.add();
    s_.stats.applied_ops.add(r.ops.size());
    s_.unpublished_ops += r.ops.size();
    s_.unpublished_bytes += r.bytes;
    // What it takes back counts as the request's own from here on.
    r.bytes += s_.plan.answer_bytes();
    s_.queue.grow_work(s_.plan.answer_bytes());
  }
  if (!r.status.ok()) s_.stats.reject(r.status.code);
  r.revision = s_.assigned;
  s_.pending.pop();
  // What was decided on a state that nobody can read yet is told when they can, unless asked for at once.
  if (s_.dirty() && r.ack != Ack::kApplied) {
    s_.awaiting.push(r);
  } else {
    answer(r);
  }
}

// Only now does it leave the queue's bounds: those who wait for a publish hold memory too.
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
                     s_.unpublished_bytes >= kMaxUnpublishedBytes;
  if (s_.dirty() && (asked || s_.schedule.due() <= std::max(s_.now, clock_.now()))) publish();
  while (!s_.publishers.empty()) answer_control(s_.publishers.pop());
}

void Writer::publish() noexcept {
  const Nanos began = clock_.now();
  s_.table.publish(s_.assigned);
  const Nanos ended = clock_.now();
  s_.open = false;
  s_.published = s_.assigned;
  s_.unpublished_ops = s_.unpublished_bytes = 0;
  s_.schedule.published(ended);
  s_.replay_at = ended + kIdleReplay;
  s_.stats.published_revision.set(s_.published);
  s_.stats.publishes.add();
  s_.stats.publish_ns.record(static_cast<std::uint64_t>(ended - began));
  s_.stats.publish_lag_ns.record(static_cast<std::uint64_t>(ended - s_.changed_at));
  s_.changed_at = kNever;
  while (!s_.awaiting.empty()) answer(s_.awaiting.pop());
}

Nanos Writer::next_turn() const noexcept {
  Nanos t = s_.waiting.next_deadline();
  if (!s_.pending.empty()) t = std::min(t, s_.open ? Nanos{0} : s_.retry_open_at);
  if (s_.dirty()) t = std::min(t, s_.schedule.due());
  if (s_.idle()) t = std::min(t, s_.replay_at);
  return t;
}

void Writer::wait_until(Nanos time) noexcept {
  const Nanos left = time == kNever || time == PublishSchedule::kAtOnce ? time : time - clock_.now();
  if (time == PublishSchedule::kAtOnce || left <= 0) return;
  if (s_.blocked()) {
    // Behind a reader there is nothing to do for those who would ring; the look at the reader comes soon.
    std::this_thread::sleep_for(std::chrono::nanoseconds(std::min(left, kMaxRetryGap)));
    return;
  }
  bell_.arm();
  if (s_.queue.idle()) bell_.sleep(left);
  bell_.disarm();
}

}  // namespace flashkv
